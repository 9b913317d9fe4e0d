import { getEventListeners } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { test } from 'tap';
import { eitherSignal } from '../../dist/src/common/either-signal';
import { Queries } from '../../dist/src/flush/queries';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

test('a combined signal is aborted with the first of its signals, with its reason, and leaves no listener', async (t) => {
  const [one, other] = [new AbortController(), new AbortController()];
  const either = eitherSignal([one.signal, other.signal]);
  other.abort('late');
  t.equal(either.signal.reason, 'late');
  t.equal(getEventListeners(one.signal, 'abort').length, 0);
  t.equal(eitherSignal([one.signal, other.signal]).signal.reason, 'late', 'it was aborted before');
  const released = eitherSignal([one.signal]);
  released.release();
  t.equal(getEventListeners(one.signal, 'abort').length, 0);
});

test('queries leave no listener on signals that outlive them', async (t) => {
  const queries = new Queries(() => ({}) as never);
  const { signal } = new AbortController();
  const heap = async (): Promise<number> => {
    for (let n = 0; n < 5_000; n++) await queries.use(() => n, { signal });
    await new Promise(setImmediate);
    collectGarbage();
    collectGarbage();
    return process.memoryUsage().heapUsed;
  };
  await heap();
  const before = await heap();
  const perQuery = ((await heap()) - before) / 5_000;
  t.ok(perQuery < 10, `${perQuery} bytes a query`);
  t.equal(getEventListeners(signal, 'abort').length, 0);
});
