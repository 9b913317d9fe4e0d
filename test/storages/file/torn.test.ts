import { copyFileSync, mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { type Test, test } from 'tap';
import { Budget } from '../../../dist/src/query/budget.js';
import { repair } from '../../../dist/src/storages/file/repair.js';
import { SEED } from '../../instruments/support';
import { directoryFor, filesIn, isWhole, readAll, readStored, textOf, writerFor } from './support';

/** A closed file of some flushes, each with something new to the file, and what is in them. */
async function closedFile(t: Test, flushes: number) {
  const directory = directoryFor(t);
  const { collector, flush, stored, close } = await writerFor(t, { directory });
  const ends: number[] = [];
  for (let index = 0; index < flushes; index++) {
    collector.counter('c_total').increment(index, { index, value: '\n"é😀' });
    collector.summary('s', { quantiles: [0.5] }).observe(1);
    collector.histogram('h', { buckets: [1] }).observe(index);
    await flush();
    ends.push(statSync(join(directory, filesIn(directory)[0])).size);
  }
  await close();
  const [name] = filesIn(directory);
  return { name, path: join(directory, name), bytes: readFileSync(join(directory, name)), stored, ends };
}

/** A directory with only that file in it, whose writer is dead. */
function orphan(t: Test, name: string, bytes: Buffer): { directory: string; path: string } {
  const directory = directoryFor(t);
  mkdirSync(directory);
  const path = join(directory, name);
  writeFileSync(path, bytes);
  return { directory, path };
}

test('a last flush that is torn at any byte is left out and truncated, and nothing else is', async (t) => {
  const { name, bytes, stored, ends } = await closedFile(t, 3);
  const { directory, path } = orphan(t, name, bytes);
  const [, before, end] = ends;
  t.equal(end, bytes.length);
  for (let cut = before; cut < end; cut++) {
    writeFileSync(path, bytes.subarray(0, cut));
    const read = await readStored(directory);
    if (JSON.stringify(read) !== JSON.stringify(stored.slice(0, 2))) t.same(read, stored.slice(0, 2), `cut at ${cut}`);
    await repair(path);
    if (!readFileSync(path).equals(bytes.subarray(0, before))) t.fail(`cut at ${cut}, it is not repaired`);
  }
  writeFileSync(path, bytes);
  await repair(path);
  t.ok(readFileSync(path).equals(bytes), 'a whole file is left as it is');
  t.same(await readStored(directory), stored);
});

test('a first flush that is torn at any byte leaves no file', async (t) => {
  const { name, bytes } = await closedFile(t, 1);
  const { directory, path } = orphan(t, name, bytes);
  for (let cut = 0; cut < bytes.length; cut++) {
    writeFileSync(path, bytes.subarray(0, cut));
    if ((await readAll(directory)).length > 0) t.fail(`cut at ${cut}, something is read`);
    await repair(path);
    if (filesIn(directory).length > 0) t.fail(`cut at ${cut}, the file is still there`);
  }
  t.pass();
});

test('a writer that opens the directory repairs the files of dead writers, and begins a file of its own', async (t) => {
  const { name, bytes, stored, ends } = await closedFile(t, 3);
  for (const cut of [ends[1] + 1, ends[2] - 1, ends[2]]) {
    const { directory, path } = orphan(t, name, bytes.subarray(0, cut));
    const writer = await writerFor(t, { directory });
    t.ok(isWhole(textOf(path)), `cut at ${cut}`);
    writer.collector.counter('c_total').increment();
    await writer.flush();
    const whole = stored.slice(0, cut === ends[2] ? 3 : 2);
    t.same(await readStored(directory), [...whole, ...writer.stored]);
    t.equal(statSync(path).size, cut === ends[2] ? ends[2] : ends[1]);
    t.equal(filesIn(directory).length, 2);
  }
});

test('pages of a file that never reached the disk are recognised', async (t) => {
  const { name, bytes, stored, ends } = await closedFile(t, 4);
  const [, second, third, fourth] = ends;
  for (const [from, to] of [
    [third, fourth],
    [third, third + 10],
    [second + 20, fourth],
  ]) {
    const torn = Buffer.from(bytes).fill(0, from, to);
    const { directory, path } = orphan(t, name, torn);
    const whole = stored.slice(0, from >= third ? 3 : 2);
    t.same(await readStored(directory), whole, `zeros from ${from} to ${to}`);
    await repair(path);
    t.equal(statSync(path).size, from >= third ? third : second);
    t.same(await readStored(directory), whole);
  }
});

test(`no damage makes a reader return data that was not written (RINGMETER_SEED=${SEED})`, async (t) => {
  const { name, bytes, stored } = await closedFile(t, 5);
  // several flushes may be of one millisecond
  const written = (timestamp: number): string[] =>
    stored
      .filter((flush) => flush.timestamp === timestamp)
      .flatMap(({ metrics }) => metrics.map((metric) => JSON.stringify(metric)));
  const { directory, path } = orphan(t, name, bytes);
  const damage = fc.record({
    at: fc.nat(bytes.length - 1),
    length: fc.integer({ min: 1, max: 50 }),
    with: fc.uint8Array({ maxLength: 50 }),
  });
  let losses = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 3 }), async (damages) => {
      let damaged = Buffer.from(bytes);
      for (const { at, length, with: other } of damages)
        damaged = Buffer.concat([damaged.subarray(0, at), other, damaged.subarray(at + length)]);
      writeFileSync(path, damaged);
      const told: string[] = [];
      const read = await readStored(directory, { onDamage: ({ reason }) => told.push(reason) });
      for (const flush of read) {
        const metrics = new Set(written(flush.timestamp));
        // series whose labels were in a damaged flush are missing in the later ones; no other has a wrong value
        for (const metric of flush.metrics)
          if (!metrics.has(JSON.stringify(metric))) t.fail('a series that was not written', { flush, damages });
      }
      if (read.length < stored.length) losses++;
      return t.passing();
    }),
    { seed: SEED, numRuns: 300 },
  );
  t.ok(losses > 100, `${losses} of 300 lost something`);
});

test('a flush whose last line has a changed time is left out', async (t) => {
  const { name, bytes, stored } = await closedFile(t, 2);
  const text = bytes.toString();
  const said = new RegExp(`({"flush":1,"time":)${stored[1].timestamp}`);
  t.match(text, said);
  const { directory } = orphan(t, name, Buffer.from(text.replace(said, `$1${stored[1].timestamp - 1}`)));
  t.same(await readStored(directory), [stored[0]]);
});

test('damage in the middle of a file is reported, and the flushes after it are read', async (t) => {
  const { name, bytes, stored, ends } = await closedFile(t, 4);
  const damaged = Buffer.from(bytes);
  damaged[ends[0] + 30] ^= 1;
  const { directory, path } = orphan(t, name, damaged);
  const told: object[] = [];
  const read = await readStored(directory, { onDamage: (damage) => told.push(damage), names: ['h'] });
  t.same(
    read.map(({ timestamp }) => timestamp),
    [0, 2, 3].map((index) => stored[index].timestamp),
  );
  t.same(
    read[2].metrics,
    stored[3].metrics.filter(({ name }) => name === 'h'),
  );
  t.match(told, [{ file: path, offset: ends[0], reason: /flush 1/ }]);
  t.equal(told.length, 1);
  await repair(path);
  t.equal(statSync(path).size, bytes.length, 'a repair does not cut off what can be read');
});

test('a file of a later format and one without a header are reported and left out', async (t) => {
  const { name, path } = await closedFile(t, 2);
  const { stringifyFlush } = await import('../../../dist/src/storages/file/stringify.js');
  const { seal } = await import('../../../dist/src/storages/file/format.js');
  const { crc32 } = await import('node:zlib');
  for (const [line, says] of [
    ['{"ringmeter":2}\n', /version 2/],
    ['{"metric":"x","series":0,"labels":{}}\n', /header/],
  ] as const) {
    const said = { flush: 0, time: 1, series: 0, bytes: line.length };
    const flush = stringifyFlush({ ...said, crc32: seal(crc32(line), said) });
    const { directory } = orphan(t, name, Buffer.from(`${line}${flush}\n`));
    copyFileSync(path, join(directory, name.replace('000001', '000002')));
    const told: { reason: string }[] = [];
    t.equal((await readAll(directory, { onDamage: (damage) => told.push(damage) })).length, 2);
    t.match(told, [{ reason: says }]);
  }
  const { path: later } = orphan(t, name, Buffer.from(`{"ringmeter":2,"other":1}\nanother format`));
  await repair(later);
  t.match(readFileSync(later, 'utf8'), /another format/, 'nor is it repaired');
});

test('a damaged compressed file is reported, and the others are read', async (t) => {
  const { name, bytes, stored } = await closedFile(t, 2);
  const { gzipSync } = await import('node:zlib');
  const zipped = gzipSync(bytes);
  const { directory, path } = orphan(t, `${name}.gz`, zipped);
  t.same(await readStored(directory), stored);
  for (const damage of [
    () => truncateSync(path, zipped.length - 12),
    () => writeFileSync(path, Buffer.from(zipped).fill(0, 20, 40)),
    () => writeFileSync(path, 'no gzip'),
  ]) {
    damage();
    const told: { reason: string }[] = [];
    const read = await readStored(directory, { onDamage: (one) => told.push(one) });
    t.same(read, stored.slice(0, read.length));
    t.match(told, [{ reason: /decompressed/ }]);
  }
});

test('a file of very many empty lines is repaired while the event loop turns', async (t) => {
  const { name } = await closedFile(t, 1);
  const { path } = orphan(t, name, Buffer.alloc(2 ** 17, 10));
  let turns = 0;
  const { turn } = Budget.prototype;
  Budget.prototype.turn = function () {
    turns++;
    return turn.call(this);
  };
  t.teardown(() => Object.assign(Budget.prototype, { turn }));
  await repair(path);
  t.throws(() => statSync(path), { code: 'ENOENT' }, 'nothing in it was whole');
  t.ok(turns > 2, `${turns} turns`);
});
