import { setTimeout as sleep } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import type { MetricsCollector } from 'ringmeter';
import { test } from 'tap';
import { toMetrics } from '../../dist/src/exposition/metrics.js';
import { PROMETHEUS_TEXT } from '../../dist/src/exposition/prometheus.js';
import { TextRenderer } from '../../dist/src/exposition/renderer.js';
import { MessageDecoder } from '../../dist/src/snapshot/message/decoder.js';
import { MessageEncoder } from '../../dist/src/snapshot/message/encoder.js';
import { presenceIn, type Snapshot } from '../../dist/src/snapshot/snapshot.js';
import { startOf } from '../../dist/src/snapshot/start.js';
import { random } from '../fixtures/program.cjs';
import { SEED } from '../instruments/support';
import { mortal } from '../threads/mortal';

const HOSTILE = ['', 'a', 'b', 'ü 漢 🚀', '"\\\n', '\0', 'x'.repeat(300)];

/** Everything that a snapshot says. */
function said(snapshot: Snapshot) {
  const starts: number[] = [];
  for (const family of snapshot.families) {
    const isThere = presenceIn(snapshot, family);
    for (let index = 0; index < family.series.count; index++)
      if (isThere(index)) starts.push(startOf(snapshot, family, index));
  }
  return { metrics: toMetrics(snapshot), starts, text: new TextRenderer(PROMETHEUS_TEXT).render(snapshot).toString() };
}

/** Metrics of all kinds, and a step that does something random to them. */
function randomMetrics(collector: MetricsCollector, next: () => number) {
  const labelNames = ['a', 'b'] as const;
  const metrics = [
    ...[0, 1].map((n) => collector.counter(`counter_${n}_total`, { labelNames })),
    collector.gauge('gauge', { labelNames, description: 'Ünits "and"\nlines' }),
    collector.histogram('histogram_seconds', { labelNames, buckets: [1, 2, 5], unit: 'seconds' }),
    collector.summary('summary', { labelNames, quantiles: [0, 0.5, 1] }),
    collector.counter('mortal_total', { labelNames, ttl: 0.005 }),
  ];
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)];
  let added = 0;
  return () => {
    if (next() < 0.02) metrics.push(collector.counter(`later_${added++}_total`, { labelNames }));
    const metric = pick(metrics);
    const labels = { a: pick(HOSTILE), b: Math.floor(next() * 8) };
    const what = next();
    if (what < 0.02) metric.clear();
    else if (what < 0.04) metric.reset();
    else if (what < 0.08) metric.remove(labels);
    else if ('observe' in metric) metric.observe(next() * 10, labels);
    else metric.increment(next() * 10, labels);
  };
}

test(`what is decoded says what was encoded, message after message (RINGMETER_SEED=${SEED})`, async (t) => {
  const { collector, collect, recycle, reborn } = mortal(t);
  const next = random(SEED);
  const step = randomMetrics(collector, next);
  const encoder = new MessageEncoder();
  const decoder = new MessageDecoder();
  let sizes = 0;
  for (let round = 0; round < 100; round++) {
    for (let count = next() * 40; count > 0; count--) step();
    recycle();
    const snapshot = await collect.snapshot();
    const message = encoder.encode(snapshot);
    sizes += message.length;
    const decoded = decoder.decode(message.slice());
    const [expected, found] = [said(snapshot), said(decoded)];
    if (JSON.stringify(expected) !== JSON.stringify(found)) {
      t.same(found, expected, `message ${round}`);
      return;
    }
    await sleep(next() * 3);
  }
  t.ok(reborn() > 0, `memory was used again ${reborn()} times, ${sizes} bytes`);
});

test('a decoded snapshot stays as it is when other messages follow', async (t) => {
  const { collector, collect } = mortal(t);
  const counter = collector.counter('c', { labelNames: ['id'] });
  const encoder = new MessageEncoder();
  const decoder = new MessageDecoder();
  counter.increment(1, { id: 'a' });
  const first = decoder.decode(encoder.encode(await collect.snapshot()));
  const before = said(first);
  counter.increment(5, { id: 'a' });
  counter.increment(5, { id: 'b' });
  counter.reset();
  collector.gauge('g').set(1);
  const second = decoder.decode(encoder.encode(await collect.snapshot()));
  t.same(said(first), before);
  t.same(
    toMetrics(second).map(({ name, labels, value }) => [name, labels.id, value]),
    [
      ['c', 'a', 0],
      ['c', 'b', 0],
      ['g', undefined, 1],
    ],
  );
});

test('a message says only what is new, apart from the values', async (t) => {
  const { collector, collect } = mortal(t);
  const counter = collector.counter('c', { labelNames: ['id'] });
  for (let id = 0; id < 500; id++) counter.increment(1, { id: `a label of some length ${id}` });
  const encoder = new MessageEncoder();
  const first = encoder.encode(await collect.snapshot()).length;
  counter.increment(1, { id: 'one more' });
  const second = encoder.encode(await collect.snapshot()).length;
  t.ok(first > 500 * 50, `${first} bytes`);
  t.ok(second < 501 * 8 + 200, `${second} bytes`);
});

test('a message that does not follow the one before is refused until a complete one comes', async (t) => {
  const { collector, collect } = mortal(t);
  const counter = collector.counter('c');
  const encoder = new MessageEncoder();
  const message = async (from = encoder): Promise<Uint8Array> => {
    counter.increment(1);
    return from.encode(await collect.snapshot()).slice();
  };
  const decoder = new MessageDecoder();
  const refuses = (bytes: Uint8Array, words: RegExp): void => {
    t.throws(() => decoder.decode(bytes), { code: 'RINGMETER_INVALID_MESSAGE', message: words });
  };
  const first = await message();
  const second = await message();
  refuses(second, /refers to messages that are not known/);
  decoder.decode(first);
  await message();
  refuses(await message(), /has the number 3, expected 1/);
  refuses(second, /refers to messages that are not known/);
  encoder.restart();
  t.equal(toMetrics(decoder.decode(await message()))[0].value, 5);
  const other = new MessageEncoder();
  await message(other);
  refuses(await message(other), /comes from another sender/);
});

/** Makes the checksum of a message right again. */
function seal(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  view.setUint32(bytes.length - 8, crc32(bytes.subarray(0, bytes.length - 8)), true);
  return bytes;
}

test('every part of a message that is cut off is refused', async (t) => {
  const { collector, collect } = mortal(t);
  randomMetrics(collector, random(1));
  collector.counter('counter_0_total').increment(1, { a: 'x', b: 1 });
  const whole = new MessageEncoder().encode(await collect.snapshot()).slice();
  let refused = 0;
  for (let length = 0; length < whole.length; length++) {
    const cut = whole.slice(0, length);
    if (length >= 40) {
      new DataView(cut.buffer).setUint32(12, length, true);
      seal(cut);
    }
    try {
      new MessageDecoder().decode(cut);
    } catch (error) {
      if ((error as { code?: string }).code !== 'RINGMETER_INVALID_MESSAGE') throw error;
      refused++;
    }
  }
  // a message that ends between two sections is one
  t.ok(whole.length - refused <= 4, `${refused} of ${whole.length}`);
});

/** How many messages are damaged; the issue of bounded work is one of many. */
const MUTATIONS = Number(process.env.RINGMETER_MUTATIONS ?? 100_000);

test(`damaged messages end in a snapshot or a coded error, in bounded memory (RINGMETER_SEED=${SEED})`, async (t) => {
  const { collector, collect } = mortal(t);
  const next = random(SEED);
  const below = (count: number): number => Math.floor(next() * count);
  const counter = collector.counter('c_total', { labelNames: ['a'] });
  collector.histogram('h', { buckets: [1] }).observe(1);
  const encoder = new MessageEncoder();
  const messages: Uint8Array[] = [];
  for (const a of ['x', 'y', 'ü']) {
    counter.increment(1, { a });
    messages.push(encoder.encode(await collect.snapshot()).slice());
    counter.reset();
  }
  const numbers = [0, 1, 2, 7, 8, 255, 65_536, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];
  const damage = (message: Uint8Array): Uint8Array => {
    const bytes = message.slice();
    for (let count = 1 + below(3); count > 0; count--)
      if (next() < 0.5) bytes[below(bytes.length)] = below(256);
      else new DataView(bytes.buffer).setUint32(below(bytes.length / 4) * 4, numbers[below(numbers.length)], true);
    return next() < 0.9 ? seal(bytes) : bytes;
  };
  let [snapshots, refused] = [0, 0];
  let decoder = new MessageDecoder(2 ** 20);
  const memory = process.memoryUsage().arrayBuffers;
  for (let round = 0; round < MUTATIONS; round++) {
    if (round % 10 === 0) {
      decoder = new MessageDecoder(2 ** 20);
      if (next() < 0.7) decoder.decode(messages[0]);
    }
    try {
      const snapshot = decoder.decode(damage(messages[below(messages.length)]));
      snapshots++;
      // what is accepted can be used
      if (round % 20 === 0) said(snapshot);
    } catch (error) {
      if ((error as { code?: string }).code !== 'RINGMETER_INVALID_MESSAGE') {
        t.error(error, `round ${round}`);
        return;
      }
      refused++;
    }
  }
  const more = process.memoryUsage().arrayBuffers - memory;
  t.ok(snapshots > MUTATIONS / 50 && refused > MUTATIONS / 50, `${snapshots} snapshots, ${refused} refused`);
  t.ok(more < 2 ** 27, `${more} bytes more of buffers`);
});
