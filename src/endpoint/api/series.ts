import { turn } from '../../atomics/turn';
import { stringifier } from '../../json/stringifier';
import { hasSample, lasts } from '../../query/presence';
import type { LabelSet, SampleSource } from '../../query/types';
import type { ApiAnswer, ApiCall, Handler } from './api';
import { arrayOf } from './envelope';
import { ApiFailure, badParameter } from './failure';

/** Lets something read the history when it is its turn, until the signal that it is given says that its time is over. */
export type Reading = (
  read: (source: SampleSource, signal: AbortSignal) => Promise<void>,
  wish: { signal: AbortSignal },
) => Promise<void>;

/** That are looked at without letting others have their turn. */
const SERIES_AT_ONCE = 5_000;

const labelSet = stringifier({ type: 'object', additionalProperties: { type: 'string' } } as const);
const text = stringifier({ type: 'string' } as const);

/** `/api/v1/series` */
export function answerSeries(reading: Reading): Handler {
  return async (call) => {
    if (call.parameters.all('match[]').length === 0) throw new ApiFailure('bad_data', 'no match[] parameter provided');
    const limit = call.parameters.limit();
    const found = new Map<string, LabelSet>();
    await visit(reading, call, (labels) => found.set(keyOf(labels), labels));
    const sorted = [...found].sort(([one], [other]) => compare(one, other));
    return cut(sorted, limit, ([, labels]) => labelSet(labels));
  };
}

/** `/api/v1/labels` */
export function answerLabels(reading: Reading): Handler {
  return async (call) => {
    const limit = call.parameters.limit();
    const names = new Set<string>();
    await visit(reading, call, (labels) => {
      for (const name of Object.keys(labels)) names.add(name);
    });
    return cut([...names].sort(compare), limit, (name) => text(name));
  };
}

/** `/api/v1/label/:name/values` */
export function answerLabelValues(reading: Reading): Handler {
  return async (call) => {
    const { name } = call.parts;
    if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name))
      throw badParameter('name', `invalid label name: ${JSON.stringify(name)}`);
    const limit = call.parameters.limit();
    const values = new Set<string>();
    await visit(reading, call, (labels) => Object.hasOwn(labels, name) && values.add(labels[name]));
    return cut([...values].sort(compare), limit, (value) => text(value));
  };
}

/**
 * The labels of the series that fulfil any of the selectors, or of all where there is none; some more than once. A series is
 * there if it has a sample in the range that is asked for. Where no range is asked for, it must not have been removed.
 */
function visit(reading: Reading, { parameters, signal }: ApiCall, each: (labels: LabelSet) => unknown): Promise<void> {
  const { start, end } = parameters.range();
  const [hints, isThere] = parameters.hasRange ? [{ presence: true }, hasSample] : [{ latest: true }, lasts];
  return reading(
    async (source, ending) => {
      const hasSelectors = parameters.all('match[]').length > 0;
      for (const matchers of hasSelectors ? parameters.selectors() : [[]])
        for (const series of slicesOf(source, matchers, start, end, hints)) {
          for (let index = 0; index < series.length; index++) {
            if (index % SERIES_AT_ONCE === 0) await nextTurn(ending);
            if (isThere(series[index])) each(series[index].labels);
          }
          await nextTurn(ending);
        }
    },
    { signal },
  );
}

function slicesOf(source: SampleSource, ...selection: Parameters<SampleSource['select']>) {
  return source.slices?.(...selection) ?? [source.select(...selection)];
}

async function nextTurn(ending: AbortSignal): Promise<void> {
  await turn();
  ending.throwIfAborted();
}

function keyOf(labels: LabelSet): string {
  return JSON.stringify(Object.entries(labels).sort(([one], [other]) => compare(one, other)));
}

function compare(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

function cut<T>(all: readonly T[], limit: number, stringify: (one: T) => string): ApiAnswer {
  const truncated = limit > 0 && all.length > limit;
  return {
    data: arrayOf(truncated ? all.slice(0, limit) : all, stringify),
    warnings: truncated ? ['results truncated due to limit'] : [],
  };
}
