import { ask } from './ask';
import { type Benchmark, type Case, EVERYTHING, type Scale } from './benchmark';
import type { Lane } from './lanes';
import type { Progress } from './progress';
import type { Series } from './results';

/** One case, and the lanes that take turns at it. */
interface Group {
  one: Case;
  lanes: Lane[];
}

export interface Plan {
  benchmark: Benchmark;
  scale: Scale;
  repetitions: number;
  groups: Group[];
}

export function planOf(benchmark: Benchmark, lanes: readonly Lane[], scale: Scale, repetitions: number): Plan {
  const groups = new Map<string, Group>();
  for (const lane of lanes)
    for (const one of casesOf(benchmark, lane, scale)) {
      const key = keyOf(one);
      if (!groups.has(key)) groups.set(key, { one, lanes: [] });
      groups.get(key)!.lanes.push(lane);
    }
  return { benchmark, scale, repetitions, groups: [...groups.values()] };
}

/** Of a companion, only those that the lane has which it stands beside. */
function casesOf(benchmark: Benchmark, { contender, beside }: Lane, scale: Scale): Case[] {
  const cases = benchmark.cases(contender, scale);
  if (beside === undefined) return cases;
  const wanted = new Set(benchmark.cases(beside, scale).map(keyOf));
  return cases.filter((one) => wanted.has(keyOf(one)));
}

function keyOf({ parameters }: Case): string {
  return JSON.stringify(parameters);
}

/** Seconds. */
export function expected({ groups, repetitions }: Plan): number {
  const times = ({ mostRepetitions = repetitions }: Case): number => Math.min(repetitions, mostRepetitions);
  return groups.reduce((sum, { one, lanes }) => sum + times(one) * one.seconds * lanes.length, 0);
}

/** Measures everything that is planned. Lanes take turns at each case, and each repetition begins with another lane. */
export async function takeTurns(plan: Plan, progress: Progress): Promise<{ series: Series[]; failures: string[] }> {
  const series = new Map<string, Series>();
  const failures: string[] = [];
  for (let repetition = 0; repetition < plan.repetitions; repetition++)
    for (const { one, lanes } of plan.groups.filter(({ one }) => repetition < (one.mostRepetitions ?? Infinity)))
      for (const lane of rotated(lanes, repetition)) {
        const what = `${plan.benchmark.name} ${shown(one)}: ${lane.name}`;
        progress.show(`${what}, repetition ${repetition + 1} of ${plan.repetitions}`);
        const failed = await takeTurn(plan, one, lane, repetition, series);
        if (failed !== undefined) failures.push(`${what}: ${failed}`);
        progress.step(one.seconds);
      }
  return { series: [...series.values()], failures };
}

/** @returns what went wrong, if the process ended without an answer */
async function takeTurn(
  { benchmark, scale }: Plan,
  { parameters }: Case,
  { name, contender, node, nodeVersion }: Lane,
  repetition: number,
  series: Map<string, Series>,
): Promise<string | undefined> {
  const key = `${name} ${JSON.stringify(parameters)}`;
  const known = series.get(key);
  // what was too much once is too much again
  if (known?.repetitions.some(({ omitted }) => omitted?.[EVERYTHING] !== undefined)) return undefined;
  const turn = { contender, repetition, scale };
  const answer = await ask({ benchmark: benchmark.name, parameters, turn }, node);
  if ('failed' in answer) return answer.failed;
  const { title, ...outcome } = answer;
  if (known === undefined)
    series.set(key, { lane: name, contender, title, node: nodeVersion, parameters, repetitions: [outcome] });
  else known.repetitions.push(outcome);
  return undefined;
}

export function rotated<T>(items: readonly T[], by: number): T[] {
  const first = items.length === 0 ? 0 : by % items.length;
  return [...items.slice(first), ...items.slice(0, first)];
}

function shown({ parameters }: Case): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}
