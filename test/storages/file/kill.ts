import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import program from '../../fixtures/program.cjs';
import { until } from '../../instruments/support';
import { directoryFor, filesIn, isWhole, readAll, textOf, writerFor } from './support';
import { WriterProcess } from './writer-process';

/** A writer, how many of its flushes were there when it had been killed, and how many of its files ended in half a flush. */
interface Killed {
  writer: WriterProcess;
  count: number;
  torn: number;
}

/** Writers that are at it at once, in the same directory. */
const LANES = 2;
/** Writers that are killed beyond those that were asked for, at most, until one kill has torn a flush. */
const MORE_KILLS = 30;

/**
 * Kills writers at random moments of their work, most while they write, some before. Whatever was said to be stored is
 * there, and at most one flush more; it is still there when the next ones have repaired, compressed and gone on. If none
 * of the kills has torn a flush, more writers are killed until one has.
 */
export async function killWriters(t: Test, seed: number, kills: number): Promise<void> {
  const directory = directoryFor(t);
  mkdirSync(directory);
  const random = program.random(seed);
  const found: Killed[] = [];
  let left = kills;
  const lane = async (): Promise<void> => {
    while (left-- > 0 || (tornOf(found) === 0 && found.length < kills + MORE_KILLS))
      found.push(await killOne(t, directory, random));
  };
  await Promise.all(Array.from({ length: LANES }, lane));

  const { flush, close } = await writerFor(t, { directory, gzip: true });
  for (const name of filesIn(directory).filter((name) => !name.endsWith('.gz')))
    if (!isWhole(textOf(join(directory, name)))) t.fail(`${name} was not repaired`);
  await flush();
  await until('all to be compressed', () => filesIn(directory).filter((name) => !name.endsWith('.gz')).length === 1);
  await close();
  const all = await readAll(directory);
  for (const { writer, count } of found) {
    if (writer.ownOf(all).length !== count)
      t.fail(`${writer.pid} had ${count} flushes, now ${writer.ownOf(all).length}`);
    const wrong = writer.check(all);
    if (wrong.length > 0) t.fail('something is not as it was stored', { wrong });
  }
  const flushes = found.reduce((sum, { count }) => sum + count, 0);
  t.equal(all.length, flushes + 1, `${found.length} kills, ${flushes} flushes, ${filesIn(directory).length} files`);
  const torn = tornOf(found);
  t.ok(torn > 0, `${torn} of them were torn`);
  t.ok(flushes > found.length, 'they did get to write');
  for (const name of filesIn(directory)) if (!isWhole(textOf(join(directory, name)))) t.fail(`${name} is not whole`);
}

function tornOf(found: readonly Killed[]): number {
  return found.reduce((sum, one) => sum + one.torn, 0);
}

async function killOne(t: Test, directory: string, random: () => number): Promise<Killed> {
  const from = Date.now();
  const wide = random() < 0.5;
  const options = { directory, maxFileBytes: wide ? 800_000 : 8_000, gzip: random() < 0.5, fsync: 'never' as const };
  const writer = new WriterProcess(options, Number.POSITIVE_INFINITY, wide ? 4_000 : 0);
  const early = random() < 0.15;
  const delay = random() * (early ? 200 : 60);
  if (!early) await until('the first flush', () => writer.stored > 0);
  await sleep(delay);
  writer.kill();
  await writer.ended;
  const torn = tornBy(writer, directory);
  const flushes = await readAll(directory, { from, onDamage: (damage: object) => t.fail('damaged', { damage }) });
  const count = writer.ownOf(flushes).length;
  if (count < writer.stored || count > writer.stored + 1) t.fail(`${writer.stored} were stored, ${count} are there`);
  const wrong = writer.check(flushes);
  if (wrong.length > 0) t.fail('something is not as it was stored', { wrong });
  return { writer, count, torn };
}

function tornBy({ pid }: WriterProcess, directory: string): number {
  const own = filesIn(directory)
    .filter((name) => name.endsWith('.jsonl'))
    // another one may just have compressed it
    .flatMap((name) => (existsSync(join(directory, name)) ? [readFileSync(join(directory, name), 'utf8')] : []))
    .filter((text) => text.slice(0, 500).includes(`"pid":${pid}}`));
  return own.filter((text) => !isWhole(text)).length;
}
