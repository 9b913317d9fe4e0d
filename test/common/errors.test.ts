import { type ErrorCode, MemoryStorage, RingmeterError } from 'ringmeter';
import { test } from 'tap';
import { errorCodes, shown, toPlainError } from '../../dist/src/common/errors.js';
import { createQueryEngine } from '../../dist/src/query/engine.js';
import { parseScrape } from '../../dist/src/scrape/parse.js';
import { MessageDecoder } from '../../dist/src/snapshot/message/decoder.js';
import { collectorFor, refuses } from '../instruments/support';

test('every code has a sentence', async (t) => {
  for (const [code, sentence] of Object.entries(errorCodes)) {
    t.match(code, /^RINGMETER_[A-Z]+(_[A-Z]+)*$/);
    t.match(sentence, /^[A-Z].*\.$/);
  }
});

test('an error is recognizable by its code, its name and its class', async (t) => {
  const cause = new TypeError('why');
  const error = new RingmeterError('RINGMETER_CLOSED', 'closed', { cause });
  t.ok(error instanceof Error);
  t.equal(error.code, 'RINGMETER_CLOSED');
  t.equal(error.name, 'RingmeterError');
  t.equal(error.message, 'closed');
  t.equal(error.cause, cause);
  t.match(String(error), /^RingmeterError: closed/);
});

test('an error keeps its code across threads, and a foreign error gets one', async (t) => {
  const otherwise = 'RINGMETER_STORAGE_FAILED';
  t.same(toPlainError(new RingmeterError('RINGMETER_CLOSED', 'closed'), otherwise), {
    code: 'RINGMETER_CLOSED',
    message: 'closed',
  });
  t.same(toPlainError(new TypeError('why'), otherwise), { code: otherwise, message: 'why' });
  t.same(toPlainError('text', otherwise), { code: otherwise, message: 'text' });
});

test('any value can be shown in a message: in short form, and without running user code', async (t) => {
  const thrower = (): never => t.fail('user code was run') as never;
  for (const [value, text] of [
    ['a', '"a"'],
    ['x'.repeat(10_000), `"${'x'.repeat(80)}…"`],
    [7, '7'],
    [-0, '0'],
    [Number.NaN, 'NaN'],
    [10n, '10n'],
    [null, 'null'],
    [undefined, 'undefined'],
    [Symbol('s'), 'Symbol(s)'],
    [[1, 2], 'an array of 2'],
    [{ toString: thrower, toJSON: thrower }, 'an object'],
    [() => 1, 'a function'],
  ] as const)
    t.equal(shown(value), text);
});

test('a revoked proxy is refused with a code too', async (t) => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  refuses(t, () => collectorFor(t).counter(proxy as never), 'RINGMETER_INVALID_METRIC_NAME');
});

test('every code that one thread can cause is caused', async (t) => {
  const collector = collectorFor(t, { maxMemory: 2 ** 20, ringCapacity: 64 });
  const closed = collectorFor(t);
  await closed.close();
  collector.counter('taken');
  const server = await collector.listen({ port: 0 });
  t.teardown(() => server.close());
  const raised: Partial<Record<ErrorCode, () => unknown>> = {
    RINGMETER_INVALID_OPTION: () => collectorFor(t, { onFull: 'wait' as never }),
    RINGMETER_INVALID_METRIC_NAME: () => collector.counter('a-b'),
    RINGMETER_INVALID_LABEL_NAME: () => collector.counter('a', { labelNames: ['a-b'] }),
    RINGMETER_RESERVED_LABEL_NAME: () => collector.histogram('a', { labelNames: ['le'] }),
    RINGMETER_INVALID_LABELS: () => collector.counter('a', { labelNames: ['a'] }).labels({} as never),
    RINGMETER_INVALID_BUCKETS: () => collector.histogram('a', { buckets: [] }),
    RINGMETER_INVALID_UNIT: () => collector.gauge('a', { unit: 'seconds' }),
    RINGMETER_METRIC_CONFLICT: () => collector.gauge('taken'),
    RINGMETER_OUT_OF_MEMORY: () => collector.counter('b', { description: 'x'.repeat(2 ** 20) }),
    RINGMETER_INVALID_MESSAGE: () => new MessageDecoder().decode(new Uint8Array(100)),
    RINGMETER_LISTEN_FAILED: () => collector.listen({ port: server.port }),
    RINGMETER_STORAGE_FAILED: async () => {
      const small = collectorFor(t, { storage: new MemoryStorage({ maxBytes: 4096 }) });
      for (let index = 0; index < 600; index++) small.counter('c').increment(1, { index });
      await small.flush();
    },
    RINGMETER_INVALID_QUERY: () => collector.storage.query({} as never),
    RINGMETER_SCRAPE_FAILED: () => parseScrape('{', 'prometheus'),
    RINGMETER_QUERY_LIMIT: () => createQueryEngine({ select: () => [] }).instant('vector(1)[1d:1ms]', 0),
    RINGMETER_INVALID_RULE: () => collectorFor(t, { rules: [{ name: 'g', rules: [{ alert: 'A', expr: '(' }] }] }),
    RINGMETER_NO_STORAGE: () => collectorFor(t, { storage: [] }).storage,
    RINGMETER_STACK_UNAVAILABLE: () => collector.mainThreadStack(),
    RINGMETER_CLOSED: () => closed.flush(),
  };
  for (const [code, raise] of Object.entries(raised))
    await t.rejects(async () => raise(), { code, name: 'RingmeterError' }, code);
  const elsewhere = [
    'RINGMETER_BUSY',
    'RINGMETER_FILE_DAMAGED',
    'RINGMETER_FILE_TOO_LARGE',
    'RINGMETER_INVALID_HANDLE',
    'RINGMETER_WORKER_FAILED',
  ];
  t.same([...Object.keys(raised), ...elsewhere].sort(), Object.keys(errorCodes).sort(), 'no code is left out');
});
