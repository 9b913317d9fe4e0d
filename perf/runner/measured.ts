import { type Answer, type Case, EVERYTHING, type Parameters } from './benchmark';
import type { Lane } from './lanes';
import type { Failure } from './participant';
import type { Series } from './results';

/** What has been measured, and which processes ended without an answer. */
export class Measured {
  readonly failures: string[] = [];
  private readonly known = new Map<string, Series>();

  get series(): Series[] {
    return [...this.known.values()];
  }

  /** What was too much once is too much again. */
  isTooMuch({ parameters }: Case, { name }: Lane): boolean {
    const known = this.known.get(seriesKey(name, parameters));
    return known?.repetitions.some(({ omitted }) => omitted?.[EVERYTHING] !== undefined) ?? false;
  }

  add(what: string, { name, contender, nodeVersion }: Lane, parameters: Parameters, result: Answer | Failure): void {
    if ('failed' in result) {
      this.failures.push(`${what}: ${result.failed}`);
      return;
    }
    const { title, ...outcome } = result;
    const key = seriesKey(name, parameters);
    const known = this.known.get(key);
    if (known === undefined)
      this.known.set(key, { lane: name, contender, title, node: nodeVersion, parameters, repetitions: [outcome] });
    else known.repetitions.push(outcome);
  }
}

function seriesKey(lane: string, parameters: Parameters): string {
  return `${lane} ${JSON.stringify(parameters)}`;
}
