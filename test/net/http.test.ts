import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { VERSION } from '../../dist/src/common/version.js';
import { HttpClient, HttpFailure, type HttpRequest } from '../../dist/src/net/http.js';
import type { HttpOptions } from '../../dist/src/net/http-options.js';
import { needs } from '../engines/engine';
import { receive, status } from '../storages/receiver';
import { makeCertificates, readCertificates } from './certificates';

function client(t: Test, options: HttpOptions = {}) {
  const one = new HttpClient(options);
  t.teardown(() => one.close());
  return (url: string, more: Partial<HttpRequest> = {}) =>
    one.send({ method: 'POST', url, body: 'a body', signal: AbortSignal.timeout(10_000), ...more });
}

interface Failure {
  code: string;
  message: string;
  retryable: boolean;
  retryAfter: number | undefined;
}

/** What a request fails with. */
async function failure(request: Promise<unknown>): Promise<Failure> {
  try {
    await request;
  } catch (error) {
    return error as Failure;
  }
  throw new Error('the request succeeded');
}

/** A server below HTTP: what it does with a connection when bytes of a request have come. */
async function raw(t: Test, act: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('data', () => act(socket));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('the User-Agent has the version of the package', async (t) => {
  t.equal(VERSION, require(join(__dirname, '..', '..', 'package.json')).version);
});

test('a request has the headers of the client and its own, and its connection is used again', async (t) => {
  const { url, requests, connections } = await receive(t, status(200, 'fine'));
  const send = client(t, { headers: { 'X-Tenant': 'a' } });
  const answer = await send(`${url}/path?query=1`, { headers: { 'content-type': 'text/x' } });
  t.match(answer, { status: 200, body: 'fine' });
  await send(url, { method: 'DELETE', body: undefined });
  t.match(requests, [
    {
      method: 'POST',
      path: '/path?query=1',
      headers: { 'x-tenant': 'a', 'content-type': 'text/x' },
    },
    { method: 'DELETE', path: '/' },
  ]);
  t.equal(requests[0].body.toString(), 'a body');
  t.equal(connections(), 1);
});

test('credentials are sent as the schemes say, and the client says who it is', async (t) => {
  const { url, requests } = await receive(t, status(200));
  await client(t, { basicAuth: { username: 'Grüße', password: 'a:b' } })(url);
  await client(t, { bearerToken: 'x.y' })(url);
  t.equal(requests[0].headers.authorization, `Basic ${Buffer.from('Grüße:a:b').toString('base64')}`);
  t.equal(requests[1].headers.authorization, 'Bearer x.y');
  t.equal(requests[0].headers['user-agent'], `ringmeter/${VERSION}`);
});

const STATUSES: [number, boolean][] = [
  [400, false],
  [401, false],
  [404, false],
  [408, true],
  [413, false],
  [415, false],
  [422, false],
  [425, true],
  [429, true],
  [500, true],
  [502, true],
  [503, true],
];

for (const [code, retryable] of STATUSES)
  test(`the answer ${code} ${retryable ? 'may pass' : 'is final'}, and its text is quoted`, async (t) => {
    const { url } = await receive(t, status(code, 'because of that\n'));
    const failed = await failure(client(t)(`${url}/x?token=secret`));
    t.equal(failed.message, `POST ${url}/x was answered with ${code}: because of that`);
    t.match(failed, { code: 'RINGMETER_STORAGE_FAILED', retryable, retryAfter: undefined });
    t.ok(failed instanceof HttpFailure);
  });

test('Retry-After is read as seconds or as a date, and other values are ignored', async (t) => {
  const waits = async (value: string): Promise<number | undefined> => {
    const { url } = await receive(t, status(503, '', { 'retry-after': value }));
    return (await failure(client(t)(url))).retryAfter;
  };
  t.equal(await waits('7'), 7_000);
  t.equal(await waits('0'), 0);
  t.equal(await waits('99999999999999999999'), 2 ** 31 - 1, 'never more than a timer takes');
  const inAMinute = await waits(new Date(Date.now() + 60_000).toUTCString());
  t.ok(inAMinute! > 55_000 && inAMinute! <= 60_000, `${inAMinute}`);
  t.equal(await waits('Wed, 21 Oct 2015 07:28:00 GMT'), 0, 'what is over needs no waiting');
  t.equal(await waits('Fri, 31 Dec 9999 23:59:59 GMT'), 2 ** 31 - 1);
  for (const nonsense of ['soon', '-5', '1.5', '', '5 bananas', 'later 2099'])
    t.equal(await waits(nonsense), undefined, nonsense);
});

test('a redirect is not followed, and the failure names its target', async (t) => {
  const other = await receive(t, status(200));
  for (const code of [301, 302, 307, 308]) {
    const { url } = await receive(t, status(code, '', { location: other.url }));
    const failed = await failure(client(t)(url));
    t.equal(failed.message, `POST ${url} was answered with ${code} to ${other.url}`);
    t.equal(failed.retryable, false);
  }
  t.equal(other.requests.length, 0);
});

test('a refused connection is a failure that can be retried', async (t) => {
  const { url, close } = await receive(t, status(200));
  await close();
  const send = client(t);
  const failed = await failure(send(url));
  t.equal(failed.retryable, true);
  t.match(failed.message, /^POST http:\/\/127\.0\.0\.1:\d+ failed: connect ECONNREFUSED 127\.0\.0\.1/);
  // two addresses are tried, of which each has its error
  const local = await failure(send(url.replace('127.0.0.1', 'localhost')));
  t.match(local.message, /ECONNREFUSED (127\.0\.0\.1|::1)/);
  t.equal(local.retryable, true);
  t.match((await failure(send('http://no-such-host.invalid/'))).message, /failed: getaddrinfo/);
});

test('a request that is not answered ends when its signal is aborted', async (t) => {
  const silent = await receive(t, () => {});
  const begun = performance.now();
  const failed = await failure(client(t)(silent.url, { signal: AbortSignal.timeout(200) }));
  t.ok(performance.now() - begun < 5_000);
  t.equal(failed.retryable, true);
  t.match(failed.message, /failed: .*timeout/);
  t.equal((await failure(client(t)(silent.url, { signal: AbortSignal.abort() }))).retryable, true);
  t.equal(silent.requests.length, 1, 'with a signal that has gone off nothing is sent');
});

test('a connection that ends before the status has come may be tried again', async (t) => {
  const endings: ((socket: Socket) => void)[] = [
    (socket) => void socket.end(),
    (socket) => void socket.resetAndDestroy(),
    (socket) => void socket.end('HTTP/1.1 200 OK\r\nContent-Le'),
    (socket) => void socket.end('SSH-2.0-OpenSSH_9.2\r\n'),
  ];
  for (const end of endings) {
    const failed = await failure(client(t)(await raw(t, end)));
    t.equal(failed.retryable, true);
    t.match(failed, { code: 'RINGMETER_STORAGE_FAILED', message: /^POST \S+ failed: / });
  }
});

test('once the status has come it counts, even if the rest of the answer is cut off', async (t) => {
  const cut = (code: number) => (socket: Socket) =>
    void socket.end(`HTTP/1.1 ${code} Such\r\nContent-Length: 100\r\n\r\nonly so mu`);
  t.match(await client(t)(await raw(t, cut(200))), { status: 200, body: 'only so mu' });
  t.match(await failure(client(t)(await raw(t, cut(400)))), { message: /answered with 400/, retryable: false });
  t.match(await failure(client(t)(await raw(t, cut(503)))), {
    message: /answered with 503: only so mu$/,
    retryable: true,
  });
});

test('an answer without end is not read to its end', async (t) => {
  for (const code of [200, 503]) {
    let sent = 0;
    const endless = await receive(t, (response) => {
      response.writeHead(code);
      const more = (): void => {
        while (!response.destroyed && sent < 2 ** 30) {
          sent += 10_000;
          if (!response.write('x'.repeat(10_000))) return void response.once('drain', more);
        }
      };
      more();
    });
    const request = client(t)(endless.url);
    if (code === 200) t.equal((await request).body.length, 4_096);
    else t.ok((await failure(request)).message.length < 700);
    t.ok(sent < 50 * 2 ** 20, `${sent} bytes were written`);
  }
});

test('an answer that arrives slowly ends when the signal is aborted', async (t) => {
  const { url } = await receive(t, (response) => {
    response.writeHead(503).write('busy');
  });
  t.match(await failure(client(t)(url, { signal: AbortSignal.timeout(200) })), {
    message: /answered with 503/,
    retryable: true,
  });
});

test('text from a server has no control characters or line breaks in a message', async (t) => {
  const { url } = await receive(t, status(400, 'bad\u001b[2J\r\nline\u0000end\u009b1m'));
  t.equal((await failure(client(t)(url))).message, `POST ${url} was answered with 400: bad [2J line end 1m`);
});

test(
  'TLS accepts certificates as texts and as files, and refuses a server without a trusted certificate',
  needs('openssl'),
  async (t) => {
    const paths = makeCertificates(t);
    const texts = readCertificates(paths);
    const { url, requests } = await receive(t, status(200), texts);
    for (const ca of [paths.ca, texts.ca]) t.match(await client(t, { tls: { ca } })(url), { status: 200 });
    t.match(await client(t, { tls: { rejectUnauthorized: false } })(url), { status: 200 });
    t.match(await client(t, { tls: { ca: texts.ca, servername: 'metrics.test' } })(url), { status: 200 });
    t.equal(requests.length, 4);
    const untrusted = await failure(client(t)(url));
    t.match(untrusted, { retryable: true, message: /failed: .*(certificate|UNABLE_TO_VERIFY|issuer)/i });
    t.match(await failure(client(t, { tls: { ca: texts.ca, servername: 'other.test' } })(url)), {
      message: /failed: .*other\.test/,
    });
    t.equal(requests.length, 4, 'nothing was sent to a server that is not trusted');
    t.throws(() => new HttpClient({ tls: { ca: '/no/such/file' } }), { code: 'ENOENT' });
  },
);

test('a client can authenticate with a certificate', needs('openssl'), async (t) => {
  const paths = makeCertificates(t);
  const texts = readCertificates(paths);
  const { url } = await receive(t, status(200), { ...texts, requestCert: true, rejectUnauthorized: true });
  t.match(await client(t, { tls: paths })(url), { status: 200 });
  t.match(await failure(client(t, { tls: { ca: texts.ca } })(url)), { retryable: true });
});

test('a connection is kept for longer than the default flush interval', async (t) => {
  let connections = 0;
  // says nothing of how long it keeps a connection, as servers in Go
  const url = await raw(t, (socket) => {
    connections++;
    const answer = () => socket.write('HTTP/1.1 204 No Content\r\n\r\n');
    answer();
    socket.on('data', answer);
  });
  const send = client(t);
  await send(url, { body: undefined, method: 'GET' });
  await new Promise((resolve) => setTimeout(resolve, 4_600));
  await send(url, { body: undefined, method: 'GET' });
  t.equal(connections, 1);
});

test('where a server has closed a kept connection, an idempotent request is sent again and no other', async (t) => {
  let requests = 0;
  const url = await raw(t, (socket) => {
    requests++;
    socket.write('HTTP/1.1 204 No Content\r\n\r\n');
    // answers one request of each connection
    socket.on('data', () => {
      requests++;
      socket.resetAndDestroy();
    });
  });
  const send = client(t);
  await send(url);
  t.match(await send(url, { idempotent: true }), { status: 204 });
  t.equal(requests, 3);
  t.match(await failure(send(url)), { retryable: true });
  t.equal(requests, 4);
});

test('a bearer token is read again when its file has changed', async (t) => {
  const { url, requests } = await receive(t, status(200));
  const bearerTokenFile = join(t.testdir({ token: 'first\n' }), 'token');
  const send = client(t, { bearerTokenFile });
  await send(url);
  writeFileSync(bearerTokenFile, 'second one is longer\n'.replaceAll(' ', '-'));
  await send(url);
  writeFileSync(bearerTokenFile, 'no token');
  await t.rejects(send(url), { message: /bearerTokenFile/, retryable: true });
  t.same(
    requests.map(({ headers }) => headers.authorization),
    ['Bearer first', 'Bearer second-one-is-longer'],
  );
});

test('certificates are read again when their files have changed', needs('openssl'), async (t) => {
  const old = readCertificates(makeCertificates(t));
  const paths = makeCertificates(t);
  const texts = readCertificates(paths);
  const { url, requests } = await receive(t, status(200), { ...texts, requestCert: true, rejectUnauthorized: true });
  const put = (names: readonly (keyof typeof paths)[], from: typeof paths): void => {
    for (const name of names) writeFileSync(paths[name], from[name]);
  };
  put(['ca', 'cert', 'key'], old);
  const send = client(t, { tls: paths });
  t.match(await failure(send(url)), { retryable: true, message: /failed/ }, 'the server is of another authority');
  put(['ca'], texts);
  t.match(await failure(send(url)), { retryable: true }, 'the client is of another authority');
  put(['cert'], texts);
  t.match(await failure(send(url)), { retryable: true, message: /failed/ }, 'half of the pair is new');
  t.equal(requests.length, 0);
  put(['key'], texts);
  t.match(await send(url), { status: 200 });
  rmSync(paths.ca);
  t.match(await failure(send(url)), { retryable: true, message: /ENOENT/ }, 'a file that is being replaced comes back');
  put(['ca'], texts);
  t.match(await send(url), { status: 200 });
});
