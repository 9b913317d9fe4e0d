import type { SampleSeries, SampleSource } from './types';

/** What a source gives, in slices if it has them: between two of them the event loop may turn. */
export function slicesOf(
  source: SampleSource,
  ...selection: Parameters<SampleSource['select']>
): Iterable<readonly SampleSeries[]> {
  return source.slices?.(...selection) ?? [source.select(...selection)];
}
