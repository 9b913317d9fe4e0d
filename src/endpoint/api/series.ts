import { LABEL_NAME } from '../../common/names';
import { stringifier } from '../../common/stringifier';
import { Budget } from '../../query/budget';
import { keyLength, sortKey } from '../../query/labels';
import { hasSample, lasts } from '../../query/presence';
import { ENGINE_LIMITS, QUERY_LIMITS } from '../../query/query-limits';
import { slicesOf } from '../../query/slices';
import type { LabelSet, SampleSource } from '../../query/types';
import type { ApiAnswer, ApiCall, Handler } from './api';
import { arrayOf } from './envelope';
import { ApiFailure, badParameter } from './failure';
import { Found } from './found';

/** Waits for a query slot, then runs a function that reads the history until its signal is aborted by the timeout. */
export type ReadHistory = <T>(
  read: (source: SampleSource, signal: AbortSignal) => Promise<T>,
  options: { signal: AbortSignal },
) => Promise<T>;

/** Work of visiting a series; and the number of characters that are read or written with one unit of work. */
const WORK_OF_LABELS = 200;
const CHARACTERS = 8;

const labelSet = stringifier({ type: 'object', additionalProperties: { type: 'string' } } as const);
const text = stringifier({ type: 'string' } as const);

/** `/api/v1/series` */
export function answerSeries(reading: ReadHistory): Handler {
  return (call) => {
    if (call.parameters.all('match[]').length === 0) throw new ApiFailure('bad_data', 'no match[] parameter provided');
    const note = (found: Found<LabelSet>, labels: LabelSet): void =>
      found.note(keyLength(labels), () => sortKey(labels), labels);
    return answer(reading, call, note, labelSet);
  };
}

/** `/api/v1/labels` */
export function answerLabels(reading: ReadHistory): Handler {
  const note = (found: Found<string>, labels: LabelSet): void => {
    for (const name of Object.keys(labels)) found.note(name.length, () => name, name);
  };
  return (call) => answer(reading, call, note, text);
}

/** `/api/v1/label/:name/values` */
export function answerLabelValues(reading: ReadHistory): Handler {
  return (call) => {
    const { name } = call.parts;
    if (!LABEL_NAME.test(name)) throw badParameter('name', `invalid label name: ${JSON.stringify(name)}`);
    const note = (found: Found<string>, labels: LabelSet): void => {
      if (!Object.hasOwn(labels, name)) return;
      const value = labels[name];
      found.note(value.length, () => value, value);
    };
    return answer(reading, call, note, text);
  };
}

/** Collects items from the labels of all present series, sorted. Has the limits of a query's evaluation. */
async function answer<T>(
  reading: ReadHistory,
  call: ApiCall,
  note: (found: Found<T>, labels: LabelSet) => void,
  stringify: (one: T) => string,
): Promise<ApiAnswer> {
  const limit = call.parameters.limit();
  const all = await reading(async (source, ending) => {
    const budget = new Budget({ ...QUERY_LIMITS, ...ENGINE_LIMITS }, ending);
    const found = new Found<T>(budget);
    await visit(source, call, budget, (labels) => note(found, labels));
    return found.sorted();
  }, call);
  const truncated = limit > 0 && all.length > limit;
  return {
    data: arrayOf(truncated ? all.slice(0, limit) : all, stringify),
    warnings: truncated ? ['results truncated due to limit'] : [],
  };
}

/**
 * Visits the labels of the series that match any of the selectors, or of all series without selectors; may visit a
 * series more than once. With a range, only series that have a sample in it; without a range, only series that have not
 * been removed.
 */
async function visit(
  source: SampleSource,
  { parameters }: ApiCall,
  budget: Budget,
  each: (labels: LabelSet) => void,
): Promise<void> {
  const { start, end } = parameters.range();
  const [hints, isThere] = parameters.hasRange ? [{ presence: true }, hasSample] : [{ latest: true }, lasts];
  const hasSelectors = parameters.all('match[]').length > 0;
  for (const matchers of hasSelectors ? parameters.selectors() : [[]])
    for (const series of slicesOf(source, matchers, start, end, hints)) {
      const samples = series.reduce((sum, { times }) => sum + times.length, 0);
      budget.hold(samples);
      for (const one of series) {
        if (isThere(one)) each(one.labels);
        if (budget.spend(WORK_OF_LABELS + keyLength(one.labels) / CHARACTERS)) await budget.turn();
      }
      budget.release(samples);
      await budget.pause();
    }
}
