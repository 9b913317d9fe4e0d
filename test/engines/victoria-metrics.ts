import { setTimeout } from 'node:timers/promises';
import type { Test } from 'tap';
import { fetchProgram } from './debian';
import { poll, REQUIRED } from './engine';
import { Server } from './server';
import { Queried, type QueryResult } from './servers';

/** Versions from which on it takes OTLP, and keeps deltas. */
export const TAKES_OTLP = [1, 112];
export const TAKES_DELTAS = [1, 145];

/** The options of a test that needs a version: skipped, visibly, where it cannot be had, unless engines are required. */
export function needsVictoriaMetrics(least: readonly number[]): { skip: string | false } {
  const program = fetchProgram('victoria-metrics', 'victoria-metrics', ['sid', 'trixie']);
  if (REQUIRED) return { skip: false };
  if (typeof program === 'string') return { skip: program };
  const tooOld = compare(program.version, least) < 0;
  return { skip: tooOld && `victoria-metrics ${program.version} is too old: ${least.join('.')} is needed` };
}

function compare(version: string, least: readonly number[]): number {
  const parts = version.split('.').map(Number);
  return parts[0] - least[0] || parts[1] - least[1];
}

/** A sample of a series, as its export has them. */
export interface Exported {
  metric: Record<string, string>;
  values: number[];
  /** Wall-clock milliseconds. */
  timestamps: number[];
}

export class VictoriaMetrics extends Queried {
  /** The newest that can be had. */
  static newest(t: Test): Promise<VictoriaMetrics> {
    const program = fetchProgram('victoria-metrics', 'victoria-metrics', ['sid', 'trixie']);
    if (typeof program === 'string') throw new Error(`${program}, and RINGMETER_REQUIRE_ENGINES=1 says it must be`);
    return VictoriaMetrics.start(t, program.path);
  }

  static async start(t: Test, program = 'victoria-metrics'): Promise<VictoriaMetrics> {
    const server = await Server.start(t, {
      program,
      ready: '/health',
      args: (address, folder) => [
        `-httpListenAddr=${address}`,
        `-storageDataPath=${folder}`,
        '-retentionPeriod=1d',
        '-search.latencyOffset=0s',
        '-search.disableCache',
      ],
    });
    return new VictoriaMetrics(server);
  }

  get writeUrl(): string {
    return `${this.base}/api/v1/write`;
  }

  /** An instant query of all that has been taken, which would be shown only some seconds later. */
  override async query(expression: string, time?: number): Promise<QueryResult[]> {
    // a query of less than a second ago is answered as one of a second ago
    if (time !== undefined) await setTimeout(Math.max(time + 1_000 - Date.now(), 0));
    await this.showAll();
    return super.query(expression, time);
  }

  /** The series that a selector names, when they have so many samples. */
  async export(selector: string, samples: number): Promise<Exported[]> {
    let series: Exported[] = [];
    await poll(`${samples} samples of ${selector}`, async () => {
      await this.showAll();
      const response = await fetch(`${this.base}/api/v1/export?match[]=${encodeURIComponent(selector)}`);
      const lines = (await response.text()).split('\n').filter((line) => line !== '');
      series = lines.map((line) => JSON.parse(line));
      return series.reduce((sum, { values }) => sum + values.length, 0) >= samples;
    });
    return series;
  }

  private async showAll(): Promise<void> {
    await fetch(`${this.base}/internal/force_flush`);
  }
}
