import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { OutputFile } from '../../../dist/src/storages/file/output.js';
import { directoryFor } from './support';

const never = new AbortController().signal;
const FAILED = { code: 'RINGMETER_STORAGE_FAILED', retryable: true };

test('a flush that is aborted just after all of it was written is undone', async (t) => {
  const directory = directoryFor(t);
  mkdirSync(directory);
  const path = join(directory, 'file');
  const output = await OutputFile.create(path, true);
  await output.append([Buffer.from('first\n')], true, never);
  const controller = new AbortController();
  function* abortedAtTheEnd(): Generator<Buffer> {
    yield Buffer.from('second\n');
    controller.abort();
  }
  await t.rejects(output.append(abortedAtTheEnd(), false, controller.signal), { ...FAILED, message: /timeout/ });
  t.equal(readFileSync(path, 'utf8'), 'first\n');
  t.equal(await output.isInPlace(), true);
  await output.append([Buffer.from('second\n')], false, never);
  t.equal(readFileSync(path, 'utf8'), 'first\nsecond\n');
  await output.close(true);
});

test('no flush is written to a file that another program has changed', async (t) => {
  const directory = directoryFor(t);
  mkdirSync(directory);
  const path = join(directory, 'file');
  const output = await OutputFile.create(path, false);
  function* interrupted(): Generator<Buffer> {
    yield Buffer.from('one\n');
    appendFileSync(path, 'what?\n');
    yield Buffer.from('two\n');
  }
  await t.rejects(output.append(interrupted(), false, never), { ...FAILED, message: /14 bytes instead of 8/ });
  t.equal(await output.isInPlace(), false);
  await output.discard();
});

test('an existing file is never opened for writing', async (t) => {
  const directory = directoryFor(t);
  mkdirSync(directory);
  const path = join(directory, 'file');
  writeFileSync(path, 'mine');
  await t.rejects(OutputFile.create(path, false), { ...FAILED, message: new RegExp(`${path}.*EEXIST`) });
  t.equal(readFileSync(path, 'utf8'), 'mine');
});
