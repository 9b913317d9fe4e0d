import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { type Test, test } from 'tap';
import { readBody } from '../../dist/src/scrape/body.js';
import { FileSource, HttpSource } from '../../dist/src/scrape/source.js';
import { freePort } from '../engines/engine';

/** A server that answers as told, and a source that reads it. */
async function serve(
  t: Test,
  listener: RequestListener,
  { user = '', headers = {}, timeout = 10_000, path = '' } = {},
) {
  const server = createServer(listener).listen(0, '127.0.0.1');
  // what has been sent may be read later than in the usual five seconds: this process unpacks it, and may have no processor
  server.keepAliveTimeout = 0;
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return sourceOf(t, `http://${user}127.0.0.1:${port}${path}`, { headers, timeout });
}

function sourceOf(t: Test, url: string, options = { headers: {}, timeout: 10_000 }): HttpSource {
  const source = new HttpSource(new URL(url), options);
  t.teardown(() => source.close());
  return source;
}

const fails = (t: Test, source: { scrape(): Promise<unknown> }, message: RegExp): Promise<unknown> =>
  t.rejects(source.scrape(), { code: 'RINGMETER_SCRAPE_FAILED', message }, String(message));

test('a scrape asks for text and gzip, with the credentials of the URL and the given headers', async (t) => {
  const seen: unknown[] = [];
  const source = await serve(
    t,
    ({ url, headers }, response) => {
      seen.push(url, headers.authorization, headers['x-scope'], headers['accept-encoding']);
      seen.push(String(headers.accept).startsWith('text/plain;version=0.0.4'));
      response.setHeader('content-encoding', 'gzip').end(gzipSync('a 1\n'));
    },
    { user: 'me:p%40ss@', headers: { 'x-scope': 'tenant' } },
  );
  t.notMatch(source.name, /p.*ss/);
  const { families } = await source.scrape();
  t.equal(families[0].samples[0].value, 1);
  t.same(seen, ['/metrics', `Basic ${Buffer.from('me:p@ss').toString('base64')}`, 'tenant', 'gzip', true]);
});

test('a path and a query stay as they are', async (t) => {
  const seen: unknown[] = [];
  const listener: RequestListener = ({ url }, response) => {
    seen.push(url);
    response.end('a 1\n');
  };
  const source = await serve(t, listener, { path: '/federate?x=1' });
  await source.scrape();
  t.same(seen, ['/federate?x=1']);
  t.match(source.name, /\/federate$/, 'a query may be a secret');
});

test('the content type decides the format', async (t) => {
  for (const [type, body, format] of [
    ['text/plain; version=0.0.4', 'a 1\n', 'prometheus'],
    ['application/openmetrics-text; version=1.0.0; charset=utf-8', 'a 1\n# EOF\n', 'openmetrics'],
    ['', 'a 1\n# EOF\n', 'openmetrics'],
    ['text/plain', 'a 1\n# EOF\n', 'prometheus'],
  ] as const) {
    const source = await serve(t, (_, response) => void response.setHeader('content-type', type).end(body));
    t.equal((await source.scrape()).format, format, type);
  }
});

test('every failure of a scrape has a message', async (t) => {
  const answering = (listener: RequestListener, timeout?: number): Promise<HttpSource> =>
    serve(t, listener, { timeout });
  await fails(
    t,
    sourceOf(t, `http://127.0.0.1:${await freePort()}`),
    /^GET http:\/\/127.0.0.1:\d+\/metrics failed: .*ECONNREFUSED/,
  );
  await fails(
    t,
    await answering((_, r) => void r.writeHead(404).end('no\u001b[31m such')),
    /was answered with 404: no \[31m such/,
  );
  await fails(
    t,
    await answering((_, r) => void r.writeHead(302, { location: '/x' }).end()),
    /was answered with 302 to \/x/,
  );
  await fails(t, await answering((_, r) => void r.writeHead(204).end()), /was answered with 204/);
  await fails(t, await answering(() => {}, 100), /the answer was not complete within 100 ms/);
  await fails(t, await answering((_, r) => void r.write('a 1\n'), 100), /the answer was not complete within 100 ms/);
  await fails(
    t,
    await answering((_, r) => void r.writeHead(200, { 'content-length': 9 }).write('a 1\n', () => r.destroy())),
    /failed: /,
  );
  await fails(
    t,
    await answering((_, r) => void r.setHeader('content-encoding', 'gzip').end('a 1\n')),
    /incorrect header check/,
  );
  await fails(
    t,
    await answering((_, r) => void r.setHeader('content-encoding', 'gzip').end(gzipSync('a 1\n').subarray(0, 15))),
    /failed: .*unexpected end/,
  );
  await fails(
    t,
    await answering((_, r) => void r.setHeader('content-type', 'application/vnd.google.protobuf').end()),
    /only the text formats can be read/,
  );
  await fails(
    t,
    await answering((_, r) => void r.end('<html>')),
    /^line 1, column 1: expected a metric name, got "<html>"/,
  );
  await fails(
    t,
    await answering((_, r) => void r.end(Buffer.from('a 1\nü{a="b\xff"} 1\n', 'latin1'))),
    /^line 2, column 1: the text is not valid UTF-8/,
  );
  await fails(
    t,
    await answering((_, r) => void r.end(Buffer.concat([Buffer.from('a 1\nb{c="ü🚀'), Buffer.from([0xff])]))),
    /^line 2, column 9: the text is not valid UTF-8/,
  );
});

test('a body that decompresses to more than the limit is refused early', async (t) => {
  const bomb = gzipSync(Buffer.alloc(2 ** 28));
  const source = await serve(t, (_, r) => void r.setHeader('content-encoding', 'gzip').end(bomb));
  await fails(t, source, /the body is larger than 128 MiB/);
  await t.rejects(readBody(Readable.from([Buffer.alloc(2 ** 20), Buffer.alloc(1)]), false, 2 ** 20), {
    message: /larger than 1 MiB/,
  });
});

test('the caller can abort a scrape', async (t) => {
  const source = await serve(t, () => {});
  const ending = new AbortController();
  const scraped = source.scrape(ending.signal);
  setTimeout(() => ending.abort(), 20);
  await t.rejects(scraped, { code: 'RINGMETER_SCRAPE_FAILED', message: /abort/ });
});

test('a file is read, or the error says why not', async (t) => {
  const folder = t.testdir({ good: '# TYPE a gauge\na 1\n', open: 'a 1\n# EOF\n' });
  t.equal((await new FileSource(join(folder, 'good')).scrape()).families[0].type, 'gauge');
  t.equal((await new FileSource(join(folder, 'open')).scrape()).format, 'openmetrics');
  await fails(t, new FileSource(join(folder, 'none')), /could not read .*none: ENOENT/);
  await fails(t, new FileSource(folder), /could not read .*EISDIR/);
});
