import { parseArgs } from 'node:util';
import type { Scale } from './runner/benchmark';

/** What `npm run perf` was asked for. */
export interface Arguments {
  help: boolean;
  list: boolean;
  scale: Scale;
  /** Names of benchmarks, in the suite's order. */
  only: readonly string[];
  repetitions: number;
}

const REPETITIONS = { full: 5, quick: 1 };

export const USAGE = `npm run perf -- [--quick] [--only NAME[,NAME]] [--list] [--repetitions N]

ringmeter, its peers, and a floor, measured in turn in processes of their own.
  --quick          smaller sizes, one repetition: under two minutes, to results/quick, without a report
  --only NAMES     only these benchmarks, separated by commas
  --list           names the benchmarks, and ends
  --repetitions N  of every measurement (${REPETITIONS.full}; with --quick ${REPETITIONS.quick})
Exits with 1 if a library's totals are not what was recorded, or a process fails. Never because of a time.
`;

/** @throws Error that says what is wrong */
export function readArguments(args: readonly string[], names: readonly string[]): Arguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      list: { type: 'boolean', default: false },
      repetitions: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const scale = values.quick ? 'quick' : 'full';
  const repetitions = Number(values.repetitions ?? REPETITIONS[scale]);
  if (!Number.isInteger(repetitions) || repetitions < 1)
    throw new Error(`--repetitions must be a whole number from 1, got ${values.repetitions}`);
  return { help: values.help, list: values.list, scale, only: chosen(values.only, names), repetitions };
}

function chosen(only: string | undefined, names: readonly string[]): string[] {
  if (only === undefined) return [...names];
  const wanted = only.split(',').map((name) => name.trim());
  const unknown = wanted.filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new Error(`no benchmark ${unknown.join(', ')}; there are ${names.join(', ')}`);
  return names.filter((name) => wanted.includes(name));
}
