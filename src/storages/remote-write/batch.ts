import type { OutgoingSeries } from './family';

/** Most label text in one request, in UTF-16 units: receivers refuse requests of some tens of megabytes. */
const MOST_TEXT = 4 * 2 ** 20;

/**
 * Cuts series into requests, in order. The lines of one series are never divided.
 *
 * @param most most samples of a request, unless a single series has more
 * @param skip how many series to leave out at the beginning
 */
export function* batchesOf(series: Iterable<OutgoingSeries>, most: number, skip: number): Generator<OutgoingSeries[]> {
  let batch: OutgoingSeries[] = [];
  let samples = 0;
  let text = 0;
  let passed = 0;
  for (const one of series) {
    if (passed++ < skip) continue;
    const lines = one.family.lines.length;
    const length = lines * textOf(one);
    if (batch.length > 0 && (samples + lines > most || text + length > MOST_TEXT)) {
      yield batch;
      batch = [];
      samples = 0;
      text = 0;
    }
    batch.push(one);
    samples += lines;
    text += length;
  }
  if (batch.length > 0) yield batch;
}

function textOf({ labels }: OutgoingSeries): number {
  let length = 0;
  for (const [name, value] of labels) length += name.length + value.length;
  return length;
}
