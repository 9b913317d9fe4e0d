import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { test } from 'tap';
import { SharedDocument } from '../../dist/src/alerts/shared-document.js';

/** Writes documents whose parts all say the same number, as fast as it can. */
const WRITER = `
  const { workerData } = require('node:worker_threads');
  const { SharedDocument } = require(workerData.module);
  const document = new SharedDocument(workerData.buffer);
  for (let number = (document.read()?.[0] ?? 0) + 1; ; number++)
    document.write(Array.from({ length: 1 + (number % 500) }, () => number));
`;

function write(buffer: SharedArrayBuffer): Worker {
  const module = join(__dirname, '..', '..', 'dist', 'src', 'alerts', 'shared-document.js');
  return new Worker(WRITER, { eval: true, workerData: { buffer, module } });
}

test('readers see only complete documents, while writers write others and are killed', async (t) => {
  const buffer = SharedDocument.allocate(10_000);
  const document = new SharedDocument<number[]>(buffer);
  t.equal(document.read(), undefined);
  let last = 0;
  let reads = 0;
  for (let writer = 0; writer < 4; writer++) {
    const worker = write(buffer);
    await once(worker, 'online');
    const { version } = document;
    while (document.version < version + 200) await new Promise(setImmediate);
    for (let read = 0; read < 2_000; read++) {
      // one that is written a hundred times while it is read is given up: this writer does nothing else
      const value = attempt(() => document.read());
      if (value === undefined) continue;
      reads++;
      const [first] = value;
      if (value.length !== 1 + (first % 500) || value.some((one) => one !== first))
        t.fail(`torn: ${value.slice(0, 5)}`);
      if (first < last) t.fail(`${first} after ${last}`);
      last = first;
    }
    await worker.terminate();
    const [first] = document.read()!;
    t.ok(first >= last, 'the last whole one is there');
    last = first;
  }
  t.ok(reads > 100, `${reads} reads`);
});

function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}

test('a document that does not fit is refused, and the previous one stays', async (t) => {
  const document = new SharedDocument<string>(SharedDocument.allocate(100));
  document.write('Grüße');
  t.throws(() => document.write('x'.repeat(99)), { message: /101 bytes does not fit into its 100 bytes/ });
  t.equal(document.read(), 'Grüße');
});
