import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Test } from 'tap';
import { Server } from './server';

/** A sample as Prometheus' HTTP API gives it: time in seconds, value in text. */
export interface QueryResult {
  metric: Record<string, string>;
  value: [time: number, value: string];
}

/** A series with its samples; the ends of a series are left out. */
export interface Samples {
  metric: Record<string, string>;
  values: (readonly [time: number, value: number])[];
}

/** A server that is asked as Prometheus is. */
export class Queried {
  constructor(protected readonly server: Server) {}

  get base(): string {
    return this.server.base;
  }

  /** An instant query; `time` in milliseconds, now if left out. */
  async query(expression: string, time?: number): Promise<QueryResult[]> {
    const at = time === undefined ? '' : `&time=${time / 1000}`;
    const response = await fetch(`${this.base}/api/v1/query?query=${encodeURIComponent(expression)}${at}`);
    const { status, data } = (await response.json()) as { status: string; data: { result: QueryResult[] } };
    if (status !== 'success') throw new Error(`${expression}: ${JSON.stringify(data)}`);
    return data.result;
  }

  /** What it has of some series' last time: milliseconds and values. */
  async samples(selector: string, milliseconds: number): Promise<Samples[]> {
    const results = (await this.query(`${selector}[${milliseconds}ms]`)) as unknown as {
      metric: Record<string, string>;
      values: [time: number, value: string][];
    }[];
    return results.map(({ metric, values }) => ({
      metric,
      values: values
        .map(([time, value]) => [time * 1_000, Number(value)] as const)
        .filter(([, value]) => !Number.isNaN(value)),
    }));
  }

  /** The number that a query gives, if it gives exactly one. */
  async number(expression: string, time?: number): Promise<number | undefined> {
    const results = await this.query(expression, time);
    return results.length === 1 ? Number(results[0].value[1]) : undefined;
  }

  stop(): Promise<void> {
    return this.server.stop();
  }

  /** Starts it again, with the same data. */
  run(): Promise<void> {
    return this.server.run();
  }
}

export interface PrometheusOptions {
  /** Host and port to scrape every second; nothing is scraped if left out. */
  target?: string;
  /** How late a sample may come, as Prometheus writes durations; if left out, not at all. */
  window?: string;
  /** Another program than the one of the PATH. */
  program?: string;
  args?: string[];
}

export class Prometheus extends Queried {
  static async start(
    t: Test,
    { target, window = '0s', program = 'prometheus', args = [] }: PrometheusOptions,
  ): Promise<Prometheus> {
    const jobs = target === undefined ? '' : `{ job_name: ringmeter, static_configs: [{ targets: ['${target}'] }] }`;
    const server = await Server.start(t, {
      program,
      ready: '/-/ready',
      async args(address, folder) {
        const config = join(folder, 'prometheus.yml');
        await writeFile(
          config,
          `global: { scrape_interval: 1s, scrape_timeout: 1s }
storage: { tsdb: { out_of_order_time_window: ${window} } }
scrape_configs: [${jobs}]
`,
        );
        return [
          `--config.file=${config}`,
          `--storage.tsdb.path=${join(folder, 'data')}`,
          `--web.listen-address=${address}`,
          '--log.level=warn',
          ...args,
        ];
      },
    });
    return new Prometheus(server);
  }

  /** One that takes remote write. */
  static receiver(t: Test, { args = [], ...options }: PrometheusOptions = {}): Promise<Prometheus> {
    return Prometheus.start(t, { ...options, args: ['--web.enable-remote-write-receiver', ...args] });
  }

  get writeUrl(): string {
    return `${this.base}/api/v1/write`;
  }

  /** What it thinks of its target. */
  async target(): Promise<{ health: string; lastError: string } | undefined> {
    const response = await fetch(`${this.base}/api/v1/targets`);
    const { data } = (await response.json()) as { data: { activeTargets: { health: string; lastError: string }[] } };
    return data.activeTargets[0];
  }
}

export class Pushgateway {
  private constructor(private readonly server: Server) {}

  static async start(t: Test): Promise<Pushgateway> {
    const server = await Server.start(t, {
      program: 'prometheus-pushgateway',
      ready: '/-/ready',
      args: (address) => [`--web.listen-address=${address}`, '--persistence.file='],
    });
    return new Pushgateway(server);
  }

  get base(): string {
    return this.server.base;
  }

  /** What a scrape of it gives. */
  async metrics(): Promise<string> {
    return (await fetch(`${this.base}/metrics`)).text();
  }

  /** The labels of its groups. */
  async groups(): Promise<Record<string, string>[]> {
    const response = await fetch(`${this.base}/api/v1/metrics`);
    const { data } = (await response.json()) as { data: { labels: Record<string, string> }[] };
    return data.map(({ labels }) => labels);
  }

  stop(): Promise<void> {
    return this.server.stop();
  }

  run(): Promise<void> {
    return this.server.run();
  }
}
