import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Outcome, Parameters, Scale } from './benchmark';
import type { Skip } from './lanes';
import type { Machine } from './machine';

/** What one lane measured of one case, one outcome per repetition. */
export interface Series {
  lane: string;
  contender: string;
  title: string;
  node: string;
  parameters: Parameters;
  repetitions: Outcome[];
}

/** The contents of `results/NAME.json`. */
export interface Results {
  benchmark: string;
  about: string;
  machine: Machine;
  plan: { scale: Scale; repetitions: number };
  measuredAt: string;
  /** Processes that ended without an answer. */
  failures: string[];
  skips: Skip[];
  series: Series[];
}

/** Why the run has failed; empty if it has not. Never because of a time. */
export function complaintsOf({ benchmark, series, failures }: Results): string[] {
  const wrong = series.flatMap(({ lane, repetitions }) =>
    repetitions.flatMap((outcome) =>
      outcome.wrong.map((sentence) => `WRONG TOTAL: ${benchmark}: ${lane}: ${sentence}`),
    ),
  );
  return [...failures.map((failure) => `FAILED: ${failure}`), ...wrong];
}

const FOLDER = join(__dirname, '..', '..', 'results');

/** Quick results have a folder of their own: they must not stand in for full ones. */
export function folderOf(scale: Scale): string {
  return scale === 'quick' ? join(FOLDER, 'quick') : FOLDER;
}

export function writeResults(folder: string, results: Results): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${results.benchmark}.json`), `${JSON.stringify(results, rounded, 1)}\n`);
}

export function readResults(folder: string): Map<string, Results> {
  const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.json')) : [];
  const all = files.map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as Results);
  return new Map(all.map((results) => [results.benchmark, results]));
}

/** No clock here tells more than six digits. */
function rounded(_: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value;
}
