import { test } from 'tap';
import { Arena } from '../../dist/src/arena/arena.js';
import { Drainer } from '../../dist/src/drain/drain.js';
import { PROMETHEUS_TEXT } from '../../dist/src/exposition/prometheus.js';
import { TextRenderer } from '../../dist/src/exposition/renderer.js';
import { Collect } from '../../dist/src/snapshot/collect.js';
import { collectorFor } from '../instruments/support';

/** More than one block of lines. */
const SERIES = 5_000;

test('a borrowed text stays unchanged while later ones are rendered, and its memory is reused afterwards', async (t) => {
  const collector = collectorFor(t);
  const counter = collector.counter('c');
  const level = collector.gauge('level');
  const arena = Arena.attach(collector.handle.arena);
  const collect = new Collect(arena, new Drainer(arena, 1_000_000));
  const renderer = new TextRenderer(PROMETHEUS_TEXT);
  const record = (value: number): void => {
    for (let series = 0; series < SERIES; series++) counter.increment(value, { series });
    level.set(value);
  };
  const lend = async () => renderer.lend(await collect.snapshot());
  const text = (parts: readonly Uint8Array[]): string => Buffer.concat(parts).toString();

  record(1);
  const first = await lend();
  t.ok(first.parts.length > 2, 'more than one block');
  t.equal(first.length, text(first.parts).length);
  const before = text(first.parts);
  // numbers of the same width, and of another one
  for (const value of [1, 10]) {
    record(value);
    const next = await lend();
    t.equal(text(next.parts), text([new TextRenderer(PROMETHEUS_TEXT).render(await collect.snapshot())]));
    t.equal(text(first.parts), before, 'what is being sent is not touched');
    next.giveBack();
  }
  first.giveBack();

  const [, block] = (await lend()).parts;
  record(1);
  const [, copied] = (await lend()).parts;
  t.not(copied.buffer, block.buffer, 'nobody has given it back');

  const again = new TextRenderer(PROMETHEUS_TEXT);
  const one = again.lend(await collect.snapshot());
  one.giveBack();
  record(1);
  const two = again.lend(await collect.snapshot());
  t.equal(two.parts[1].buffer, one.parts[1].buffer, 'numbers have been overwritten where they stand');
  t.match(text(two.parts), /c\{series="4999"\} 14\n/);
});
