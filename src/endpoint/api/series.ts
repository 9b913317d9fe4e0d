import build from 'fast-json-stringify';
import type { LabelSet, SampleSource } from '../../query/types';
import type { ApiAnswer, ApiCall, Handler } from './api';
import { arrayOf } from './envelope';
import { ApiFailure, badParameter } from './failure';

/** Lets something read the history when it is its turn, until the signal that it is given says that its time is over. */
export type Reading = <T>(
  read: (source: SampleSource, signal: AbortSignal) => Promise<T>,
  wish: { signal: AbortSignal },
) => Promise<T>;

const labelSet = build({ type: 'object', additionalProperties: { type: 'string' } } as const);
const text = build({ type: 'string' } as const);

/** `/api/v1/series` */
export function answerSeries(reading: Reading): Handler {
  return async (call) => {
    if (call.parameters.all('match[]').length === 0) throw new ApiFailure('bad_data', 'no match[] parameter provided');
    const limit = call.parameters.limit();
    const found = (await matching(reading, call)).sort(([one], [other]) => compare(one, other));
    return cut(found, limit, ([, labels]) => labelSet(labels));
  };
}

/** `/api/v1/labels` */
export function answerLabels(reading: Reading): Handler {
  return async (call) => {
    const limit = call.parameters.limit();
    const names = (await matching(reading, call)).flatMap(([, labels]) => Object.keys(labels));
    return cut([...new Set(names)].sort(compare), limit, (name) => text(name));
  };
}

/** `/api/v1/label/:name/values` */
export function answerLabelValues(reading: Reading): Handler {
  return async (call) => {
    const { name } = call.parts;
    if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name))
      throw badParameter('name', `invalid label name: ${JSON.stringify(name)}`);
    const limit = call.parameters.limit();
    const values = (await matching(reading, call)).flatMap(([, labels]) => labels[name] ?? []);
    return cut([...new Set(values)].sort(compare), limit, (value) => text(value));
  };
}

/** The series that fulfil any of the selectors, or all where there is none, by a text that tells them apart. */
async function matching(reading: Reading, { parameters, signal }: ApiCall): Promise<[string, LabelSet][]> {
  const selectors = parameters.selectors();
  const { start, end } = parameters.range();
  return reading(
    async (source, ending) => {
      const found = new Map<string, LabelSet>();
      for (const matchers of selectors.length > 0 ? selectors : [[]]) {
        for (const { labels, times } of source.select(matchers, start, end, { latest: true }))
          if (times.length > 0) found.set(keyOf(labels), labels);
        await new Promise(setImmediate);
        ending.throwIfAborted();
      }
      return [...found];
    },
    { signal },
  );
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
