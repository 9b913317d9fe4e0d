import { Writer } from 'protobufjs/minimal';
import { matchesAll } from '../../dist/src/query/matchers.js';
import type { LabelSet, SampleSeries, SampleSource } from '../../dist/src/query/types.js';
import { writeSample } from '../../dist/src/storages/remote-write/sample.js';
import { compress } from '../../dist/src/storages/remote-write/snappy.js';

/** When the samples begin: a minute, and no hour, so that what is aligned can be told from what is not. */
export const START = Date.UTC(2026, 1, 28, 23, 21, 0);
/** Milliseconds between two samples, more or less. */
const INTERVAL = 15_000;
const COUNT = 160;
export const END = START + INTERVAL * COUNT;

/** A source over series in memory, as a unit test gives them. */
export function sourceOf(series: readonly SampleSeries[]): SampleSource {
  return {
    select: (matchers, from, to) =>
      series
        .filter(({ labels }) => matchesAll(labels, matchers))
        .map(({ labels, times, values, stale }) => {
          const isInside = (_: number, index: number): boolean => times[index] >= from && times[index] <= to;
          return {
            labels,
            times: times.filter(isInside),
            values: values.filter(isInside),
            ...(stale && { stale: stale.filter(isInside) }),
          };
        }),
  };
}

/** A series of pairs of seconds and values; no value is the end of the series. */
export function seriesOf(labels: LabelSet, ...samples: [seconds: number, value?: number][]): SampleSeries {
  return {
    labels,
    times: Float64Array.from(samples, ([seconds]) => seconds * 1_000),
    values: Float64Array.from(samples, ([, value]) => value ?? 0),
    stale: Uint8Array.from(samples, ([, value]) => (value === undefined ? 1 : 0)),
  };
}

/** A value for each sample; undefined for none, null for the end of the series. */
type Values = (index: number) => number | undefined | null;

/** Everything that makes a difference: resets, gaps, ends, uneven distances, odd values, histograms, Unicode. */
export function makeSamples(random: () => number): SampleSeries[] {
  const all: SampleSeries[] = [];
  const add = (name: string, labels: LabelSet, valueAt: Values, jitter = 0): void => {
    const samples: [number, number?][] = [];
    for (let index = 0; index < COUNT; index++) {
      const value = valueAt(index);
      const time = START + index * INTERVAL + Math.floor(random() * jitter);
      if (value !== undefined) samples.push([time / 1_000, value ?? undefined]);
    }
    all.push(seriesOf({ __name__: name, ...labels }, ...samples));
  };
  addCounters(add, random);
  addGauges(add, random);
  addOdd(add, random);
  addHistograms(add, random);
  return all;
}

type Add = (name: string, labels: LabelSet, valueAt: Values, jitter?: number) => void;

function addCounters(add: Add, random: () => number): void {
  for (const job of ['api', 'web'])
    for (const instance of ['a', 'b', 'c'])
      for (const code of ['200', '500']) {
        let value = Math.floor(random() * 100);
        const resetAt = Math.floor(random() * COUNT);
        const starts = code === '500' ? Math.floor(random() * 60) : 0;
        add(
          'requests_total',
          { job, instance, code },
          (index) => {
            value = index === resetAt || random() < 0.01 ? 0 : value + Math.floor(random() * 40) / 8;
            return index < starts || (instance === 'b' && index % 50 > 35) ? undefined : value;
          },
          instance === 'c' ? 9_000 : 0,
        );
      }
  let ended = 0;
  add('ended_total', { job: 'api' }, (index) => {
    if (index === 60 || index === 130) return null;
    if (index > 60 && index < 100) return undefined;
    ended += 2;
    return ended;
  });
  add('sparse_total', { job: 'web' }, (index) => (index % 17 === 3 ? index * 1.5 : undefined));
  add('flat_total', { job: 'web' }, () => 12);
  add('once_total', { job: 'web' }, (index) => (index === 80 ? 5 : undefined));
}

function addGauges(add: Add, random: () => number): void {
  for (const job of ['api', 'web'])
    for (const instance of ['a', 'b', 'c']) {
      let value = 1_000 + Math.floor(random() * 1_000);
      add(
        'memory_bytes',
        { job, instance },
        (index) => {
          value += Math.floor((random() - 0.5) * 200) / 4;
          return instance === 'c' && index % 40 > 30 ? undefined : value;
        },
        instance === 'a' ? 5_000 : 0,
      );
    }
  add('limit_bytes', { job: 'api' }, () => 4_096);
  add('limit_bytes', { job: 'web' }, (index) => (index > 100 ? null : 2_048));
  add('info', { job: 'api', version: '1.0', zone: 'ö' }, () => 1);
  add('info', { job: 'web', version: '2.0' }, () => 1);
  for (const [index, value] of [3, 3, 1, 0.25, 1e21, 0.0000001, -2, 7].entries())
    add('kinds', { n: String(index), half: String(index % 2) }, () => value);
  for (const [index, seconds] of [0, 951_782_400, 1_709_164_799.9, -86_401.5, 4_102_444_800, 68_169_600].entries())
    add('moments', { n: String(index) }, (at) => seconds + at);
}

function addOdd(add: Add, random: () => number): void {
  const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -0, 1, -1.5, 1e300, 1e-300, 2.5];
  for (const [index, value] of values.entries()) add('odd', { n: String(index) }, () => value);
  add('mixed', { kind: 'all' }, () => values[Math.floor(random() * values.length)]);
  add('mixed', { kind: 'infinite' }, (index) => (index > 100 ? Number.POSITIVE_INFINITY : index));
  add('mixed', { kind: 'both' }, (index) => (index % 7 === 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY));
  add('mixed', { kind: 'nan' }, (index) => (index % 3 === 0 ? Number.NaN : index));
  add('large', {}, (index) => (index % 2 === 0 ? 1e17 : 1.25));
  add('unicode', { wört: 'x' } as unknown as LabelSet, () => undefined);
  add('texts', { text: '日本語', other: 'a\nb"c\\' }, (index) => index % 5);
  add('texts', { text: 'plain-text.v1', other: 'é' }, (index) => index % 3);
}

function addHistograms(add: Add, random: () => number): void {
  for (const job of ['api', 'web']) {
    const bounds = ['0.1', '0.5', '1', '5', '+Inf'];
    const counts = bounds.map(() => 0);
    const fallsInto = bounds.map((_, bound) => (bound + 1) * 3);
    let sum = 0;
    for (const [at, le] of bounds.entries())
      add('seconds_bucket', { job, le }, (index) => {
        if (index === 0) counts[at] = 0;
        counts[at] += fallsInto[at] + ((index * 7) % (at + 2)) * at;
        return counts[at];
      });
    add('seconds_sum', { job }, () => {
      sum += Math.floor(random() * 80) / 8;
      return sum;
    });
    add('seconds_count', { job }, (index) => index * 15);
  }
  for (const [le, value] of Object.entries({ '-1': 2, 0: 5, 2: 4, bad: 9, '+Inf': 10 }))
    add('below_bucket', { le }, () => value);
  for (const [le, value] of Object.entries({ 1: 2, 2: 5 })) add('open_bucket', { le }, () => value);
  for (const [le, value] of Object.entries({ 1: 0, 2: 5, '2.0': 3, '+Inf': 8 }))
    add('twice_bucket', { le }, () => value);
  add('nothing_bucket', { le: '1' }, () => 0);
  add('nothing_bucket', { le: '+Inf' }, () => 0);
}

/** A request of remote write 1.0, compressed. */
export function encodeSamples(series: readonly SampleSeries[]): Uint8Array {
  const writer = Writer.create();
  for (const { labels, times, values, stale } of series) {
    if (times.length === 0) continue;
    writer.uint32(0x0a).fork();
    for (const name of Object.keys(labels).sort())
      writer.uint32(0x0a).fork().uint32(0x0a).string(name).uint32(0x12).string(labels[name]).ldelim();
    times.forEach((time, index) => {
      writeSample(writer, 0x12, stale?.[index] === 1 ? undefined : values[index], time);
    });
    writer.ldelim();
  }
  return compress(writer.finish());
}
