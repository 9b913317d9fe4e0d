import type { SampleSeries, SampleSource } from './types';

/** The result of a source, in slices if the source supports them: callers may let the event loop turn in between. */
export function slicesOf(
  source: SampleSource,
  ...selection: Parameters<SampleSource['select']>
): Iterable<readonly SampleSeries[]> {
  return source.slices?.(...selection) ?? [source.select(...selection)];
}
