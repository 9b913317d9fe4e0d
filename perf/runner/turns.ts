import type { Benchmark, Case, Parameters, Scale, Task } from './benchmark';
import type { Lane } from './lanes';
import { Measured } from './measured';
import { Participant } from './participant';
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

/**
 * Measures everything that is planned. Lanes take turns at each case, and each repetition begins with another lane.
 *
 * @param child - What each process runs; tests have one of their own
 */
export async function takeTurns(
  plan: Plan,
  progress: Progress,
  child?: string,
): Promise<{ series: Series[]; failures: string[] }> {
  const { benchmark, scale, repetitions } = plan;
  const measured = new Measured();
  for (let repetition = 0; repetition < repetitions; repetition++)
    for (const { one, lanes } of plan.groups.filter(({ one }) => repetition < (one.mostRepetitions ?? Infinity))) {
      const { parameters, seconds, legs } = one;
      const begun = rotated(lanes, repetition)
        .filter((lane) => !measured.isTooMuch(one, lane))
        .map((lane) => {
          const turn = { contender: lane.contender, repetition, scale };
          const task = { benchmark: benchmark.name, parameters, turn };
          return { lane, task, participant: new Participant(task, lane.node, child) };
        });
      const step = (): void => progress.step(seconds / (legs ?? 1));
      const show = (what: string): void => progress.show(`${what}, repetition ${repetition + 1} of ${repetitions}`);
      const together = legs === undefined ? begun.map((alone) => [alone]) : [begun];
      for (const some of together) await goInTurn(some, measured, show, step);
    }
  return measured;
}

/** One does a task, perhaps beside others. */
interface Begun {
  lane: Lane;
  task: Task;
  participant: Participant;
}

/** Each goes on until it rests, then the next, until all have ended. */
async function goInTurn(
  begun: readonly Begun[],
  measured: Measured,
  show: (what: string) => void,
  step: () => void,
): Promise<void> {
  let going = begun;
  while (going.length > 0) {
    const resting: Begun[] = [];
    for (const one of going) {
      const { benchmark, parameters } = one.task;
      const what = `${benchmark} ${shown(parameters)}: ${one.lane.name}`;
      show(what);
      const result = await one.participant.goOn();
      step();
      if (result === undefined) resting.push(one);
      else measured.add(what, one.lane, parameters, result);
    }
    going = resting;
  }
}

export function rotated<T>(items: readonly T[], by: number): T[] {
  const first = items.length === 0 ? 0 : by % items.length;
  return [...items.slice(first), ...items.slice(0, first)];
}

function shown(parameters: Parameters): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}
