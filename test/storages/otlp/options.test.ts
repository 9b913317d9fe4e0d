import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OtlpStorage, type OtlpStorageOptions } from 'ringmeter';
import { test } from 'tap';
import type { OtlpBackendOptions } from '../../../dist/src/storages/otlp/otlp-backend.js';
import { collectorFor, refuses } from '../../instruments/support';
import { Receiver } from './support';

const url = 'http://127.0.0.1:4318';

test('options are checked, and the message says what was expected', async (t) => {
  const make = (options: unknown) => () => new OtlpStorage(options as OtlpStorageOptions);
  for (const [options, ...says] of [
    [undefined, 'url', 'undefined'],
    [null, 'OtlpStorage options'],
    [7, 'OtlpStorage options', '7'],
    [{}, 'url of OtlpStorage', 'undefined'],
    [{ url: 'localhost:4318' }, 'http', 'localhost'],
    [{ url: 'ftp://x' }, 'http', 'ftp'],
    [{ url: `${url}/v1/metrics` }, 'a URL without /v1/metrics', 'http://127.0.0.1:4318'],
    [{ url: `${url}/v1/metrics/` }, 'a URL without /v1/metrics'],
    [{ url: `${url}/?a=1` }, 'a URL without /v1/metrics'],
    [{ url, encoding: 'grpc' }, 'encoding', 'protobuf, json', '"grpc"'],
    [{ url, temporality: 'lowmemory' }, 'temporality', 'cumulative, delta'],
    [{ url, compression: true }, 'compression', 'gzip, none', 'true'],
    [{ url, maxSeriesPerRequest: 0 }, 'maxSeriesPerRequest', '0'],
    [{ url, maxSeriesPerRequest: 1.5 }, 'maxSeriesPerRequest', '1.5'],
    [{ url, resource: ['a'] }, 'resource', 'an array'],
    [{ url, resource: 'a' }, 'resource', '"a"'],
    [{ url, resource: { a: null } }, 'attribute "a"', 'null'],
    [{ url, resource: { a: Number.NaN } }, 'attribute "a"', 'NaN'],
    [{ url, resource: { a: [] } }, 'attribute "a"', 'an array'],
    [{ url, resource: { '': 'a' } }, 'attribute ""'],
    [{ url, scope: 'me' }, 'scope'],
    [{ url, scope: { name: 7 } }, 'scope.name', '7'],
    [{ url, scope: { version: 7 } }, 'scope.version', '7'],
    [{ url, scope: { vers: '1' } }, 'scope', 'vers'],
    [{ url, timeout: -1 }, 'timeout', '-1'],
    [{ url, queue: { maxBytes: 1 } }, 'queue.maxBytes'],
    [{ url, bearerToken: 'a', basicAuth: { username: 'a', password: 'b' } }, 'can have only one of'],
    [{ url, headers: { 'a b': 'c' } }, 'a b'],
    [{ url, colour: 'red' }, 'colour', 'temporality'],
  ] as [unknown, ...string[]][])
    refuses(t, make(options), 'RINGMETER_INVALID_OPTION', ...says);
});

test('only delta temporality asks for the previous snapshot', async (t) => {
  t.equal(new OtlpStorage({ url, temporality: 'delta' }).description.keepsPrevious, true);
  t.equal(new OtlpStorage({ url }).description.keepsPrevious, false);
});

test('the description can be cloned, and names its backend and its delivery', async (t) => {
  const { description } = new OtlpStorage({ url, name: 'mine', interval: 5, resource: { a: 1 } });
  const { kind, module, delivery, options } = structuredClone(description);
  t.match(
    { kind, module, delivery },
    { kind: 'otlp', module: /otlp-backend\.js$/, delivery: { name: 'mine', interval: 5 } },
  );
  t.equal(typeof require(module).createBackend, 'function');
  t.same((options as OtlpBackendOptions).resource, { 'service.name': 'unknown_service:node', a: 1 });
});

test('a collector sends its metrics from a flush worker', async (t) => {
  const receiver = await Receiver.start(t);
  const collector = collectorFor(t, { flushWorkers: 1, storage: new OtlpStorage({ url: receiver.url }) });
  collector.counter('c').increment(3);
  await collector.flush();
  t.equal(receiver.points('c').at(-1)!.asDouble, 3);
  await collector.close();
});

test('docs/storage-otlp.md lists every option with its default', async (t) => {
  const document = readFileSync(join(__dirname, '../../../docs/storage-otlp.md'), 'utf8');
  const rows = [...document.matchAll(/^\| `(\w+)` +\| (.*?) +\|/gm)].map(([, name, shown]) => [name, shown]);
  const { message } = (() => {
    try {
      new OtlpStorage({ nothing: 1 } as never);
    } catch (error) {
      return error as Error;
    }
    throw new Error('an unknown option was taken');
  })();
  const [, known] = /no other options than (.*), got/.exec(message)!;
  t.same(rows.map(([name]) => name).sort(), known.split(', ').sort());
  const defaults = new OtlpStorage({ url }).description.options as Record<string, unknown>;
  for (const [name, shown] of rows) {
    const [, code] = /^`(.*)`$/.exec(shown) ?? [];
    if (code !== undefined && name in defaults)
      t.match(defaults[name], Function(`return (${code})`)(), `default of ${name}`);
  }
});
