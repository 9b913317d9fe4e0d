import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type Test, test } from 'tap';
import { type HttpAnswer, HttpClient } from '../../dist/src/net/http.js';
import type { HttpOptions } from '../../dist/src/net/http-options.js';
import { needs } from '../engines/engine';
import { receive, status } from '../storages/receiver';
import { makeCertificates, readCertificates } from './certificates';

const VARIABLES = ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY', 'no_proxy', 'NO_PROXY'];
const SECRET = 's@crét';
const CREDENTIALS = `user:${encodeURIComponent(SECRET)}@`;

/** Posts, as a program does whose environment has these variables and no others about proxies. */
function client(t: Test, env: Record<string, string>, options: HttpOptions = {}): (url: string) => Promise<HttpAnswer> {
  const before = VARIABLES.map((name) => [name, process.env[name]] as const);
  for (const name of VARIABLES) delete process.env[name];
  Object.assign(process.env, env);
  t.teardown(() => {
    for (const [name, value] of before)
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
  });
  const one = new HttpClient(options);
  t.teardown(() => one.close());
  return (url) => one.send({ method: 'POST', url, body: 'a body', signal: AbortSignal.timeout(10_000) });
}

/** A proxy, and what it was asked for. With `secret`, it asks for credentials. */
async function proxyFor(t: Test, secret?: string): Promise<{ address: string; asked: string[] }> {
  const { Server } = await import('proxy-chain');
  const asked: string[] = [];
  const server = new Server({
    port: 0,
    host: '127.0.0.1',
    prepareRequestFunction: ({ request, hostname, port, username, password }) => {
      asked.push(`${request.method} ${hostname}:${port}`);
      return { requestAuthentication: secret !== undefined && !(username === 'user' && password === secret) };
    },
  });
  await server.listen();
  t.teardown(() => server.close(true));
  return { address: `127.0.0.1:${server.port}`, asked };
}

test('http requests are sent through HTTP_PROXY as they are', async (t) => {
  const { url, requests } = await receive(t, status(200, 'fine'));
  const { address, asked } = await proxyFor(t);
  const send = client(t, { HTTP_PROXY: `http://${address}` }, { bearerToken: 'token' });
  for (let index = 0; index < 2; index++) t.match(await send(`${url}/write?a=1`), { status: 200, body: 'fine' });
  const { host } = new URL(url);
  t.same(asked, [`POST ${host}`, `POST ${host}`]);
  for (const { path, headers, body } of requests) {
    t.equal(path, '/write?a=1');
    t.match(headers, { host, authorization: 'Bearer token' });
    t.equal(body.toString(), 'a body');
  }
});

test(
  'https requests are tunnelled through HTTPS_PROXY by CONNECT, so that the proxy cannot read them',
  needs('openssl'),
  async (t) => {
    const certificates = makeCertificates(t);
    const { url, requests } = await receive(t, status(200), readCertificates(certificates));
    const { address, asked } = await proxyFor(t, SECRET);
    const env = { HTTPS_PROXY: `http://${CREDENTIALS}${address}`, HTTP_PROXY: 'http://127.0.0.1:9' };
    const send = client(t, env, { tls: { ca: certificates.ca } });
    for (let index = 0; index < 2; index++) t.match(await send(url), { status: 200 });
    t.same(asked, [`CONNECT ${new URL(url).host}`], 'the connection is used again');
    t.equal(requests.length, 2);
    t.notOk(requests[0].headers['proxy-authorization']);
    await t.rejects(
      client(t, env)(url),
      { message: /through the proxy 127\.0\.0\.1:\d+: .*certificate/ },
      'its authority is unknown',
    );
  },
);

test('a proxy gets the credentials of its URL, and they are not shown when it refuses them', async (t) => {
  const { url, requests } = await receive(t, status(200));
  const { address } = await proxyFor(t, SECRET);
  t.match(await client(t, { HTTP_PROXY: `http://${CREDENTIALS}${address}` })(url), { status: 200 });
  t.notOk(requests[0].headers['proxy-authorization']);
  for (const target of [url, 'https://127.0.0.1:9'])
    for (const wrong of ['', 'user:hunter2@']) {
      const HTTP_PROXY = `http://${wrong}${address}`;
      const failure: Error = await client(t, { HTTP_PROXY })(target).then(
        () => t.fail('it was sent'),
        (error) => error,
      );
      t.match(failure, { retryable: true, message: /407/ });
      t.notMatch(failure.message, /hunter2/);
    }
  t.equal(requests.length, 1);
});

test('requests to hosts in NO_PROXY are sent directly', async (t) => {
  const { url, requests } = await receive(t, status(200));
  const { address, asked } = await proxyFor(t);
  const { port } = new URL(url);
  const proxies = { HTTP_PROXY: `http://${address}` };
  for (const NO_PROXY of ['127.0.0.1', `example.org, 127.0.0.1:${port}`, '*'])
    t.match(await client(t, { ...proxies, NO_PROXY })(url), { status: 200 }, NO_PROXY);
  t.match(await client(t, { HTTPS_PROXY: `http://${address}` })(url), { status: 200 }, 'a proxy for https only');
  t.match(await client(t, { ...proxies, http_proxy: '' })(url), { status: 200 }, 'an empty lower-case one');
  t.same(asked, []);
  for (const NO_PROXY of ['example.org', '127.0.0.1:1', '27.0.0.1'])
    t.match(await client(t, { ...proxies, NO_PROXY })(url), { status: 200 }, NO_PROXY);
  t.equal(asked.length, 3);
  t.equal(requests.length, 8);
});

test('a wrong proxy URL is reported with the name of its variable, without its value', async (t) => {
  const { url } = await receive(t, status(200));
  const { address, asked } = await proxyFor(t);
  t.match(await client(t, { HTTP_PROXY: address })(url), { status: 200 }, 'http:// may be left out');
  t.equal(asked.length, 1);
  for (const HTTP_PROXY of ['ftp://user:hunter2@127.0.0.1', 'http://user:%hunter2@127.0.0.1', 'http://hunter2:x:y'])
    t.throws(() => client(t, { HTTP_PROXY }), {
      message: /^HTTP_PROXY is not a valid proxy URL(?!.*hunter2)/,
      retryable: true,
    });
});

test('a proxy that is down, or closes its connections, is a failure that names it', async (t) => {
  const connections: Socket[] = [];
  const server = createServer((socket) => {
    connections.push(socket.on('error', () => {}));
    socket.once('data', () => socket.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const env = { HTTP_PROXY: `http://user:hunter2@127.0.0.1:${port}` };
  const fails = (url: string, message: RegExp) => t.rejects(client(t, env)(url), { message, retryable: true });
  await fails(
    'https://receiver.invalid/write',
    new RegExp(`^POST https://receiver\\.invalid/write failed: through the proxy 127\\.0\\.0\\.1:${port}: `),
  );
  t.equal(connections.length, 1, 'it is not asked again and again');
  await fails('http://receiver.invalid/write', /^POST http:\/\/receiver\.invalid\/write failed: /);
  server.close();
  await once(server, 'close');
  for (const url of ['https://receiver.invalid', 'http://receiver.invalid'])
    await fails(
      url,
      new RegExp(
        `^POST ${url} failed: through the proxy 127\\.0\\.0\\.1:${port}: connect ECONNREFUSED 127\\.0\\.0\\.1:${port}$`,
      ),
    );
});
