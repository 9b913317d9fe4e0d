import { inspect } from 'node:util';
import type { ListenOptions } from 'ringmeter';
import { test } from 'tap';
import { fetchFrom, RawConnection, serving } from './client';
import { startedWorkers } from './workers';

const ROUTES = ['/metrics', '/-/healthy', '/nowhere'];
const SECRET = ['/metrics', '/api/v1/status/buildinfo', '/', '/nowhere'];
const basic = (text: string): Record<string, string> => ({
  Authorization: `Basic ${Buffer.from(text).toString('base64')}`,
});

for (const flushWorkers of [0, 1]) {
  const mode = `(flushWorkers: ${flushWorkers})`;

  test(`with a user and a password, every route refuses requests without them ${mode}`, async (t) => {
    const auth = { username: 'käthe', password: 'pass:word ä' };
    const { endpoint } = await serving(t, { flushWorkers }, { auth });
    const status = async (path: string, headers: Record<string, string>): Promise<number> =>
      (await fetchFrom(new URL(path, endpoint.url).href, { headers })).status;
    for (const path of SECRET) {
      const right = path === '/nowhere' ? 404 : 200;
      t.equal(await status(path, basic('käthe:pass:word ä')), right, path);
      for (const wrong of ['käthe:pass:word', 'käthe:pass:word ä ', ':', '', 'Käthe:pass:word ä', 'x'.repeat(9_000)])
        t.equal(await status(path, basic(wrong)), 401, wrong.slice(0, 20));
      for (const Authorization of ['Basic', 'Basic !!!', 'Bearer pass:word', 'Digest username="käthe"', ''])
        t.equal(await status(path, { Authorization: Buffer.from(Authorization).toString('latin1') }), 401);
      t.equal(await status(path, {}), 401);
    }
    const { headers, body } = await fetchFrom(endpoint.url);
    t.equal(headers['www-authenticate'], 'Basic realm="ringmeter", charset="UTF-8"');
    t.equal(body.toString(), 'Unauthorized\n');
    t.equal((await fetchFrom(endpoint.url, { method: 'POST', body: 'x' })).status, 401, 'and no method');
    t.notMatch(inspect(endpoint, { depth: 9 }), /pass:word/, 'the password is not kept');
  });

  test(`with a token, every route refuses requests without it ${mode}`, async (t) => {
    const { endpoint } = await serving(t, { flushWorkers }, { auth: { token: 's3cret' } });
    for (const Authorization of ['Bearer s3cret', 'bearer  s3cret '])
      t.equal((await fetchFrom(endpoint.url, { headers: { Authorization } })).status, 200, Authorization);
    for (const Authorization of ['Bearer s3cre', 'Bearer s3crett', 'Bearer', 's3cret', 'Basic s3cret', '']) {
      const { status, headers } = await fetchFrom(endpoint.url, { headers: { Authorization } });
      t.equal(status, 401, Authorization);
      t.equal(headers['www-authenticate'], 'Bearer realm="ringmeter"');
    }
  });
}

test('at a loopback address, host names that DNS rebinding could point there are refused', async (t) => {
  const { endpoint } = await serving(t, { flushWorkers: 0 });
  const { port } = endpoint;
  for (const path of ROUTES) {
    const url = new URL(path, endpoint.url).href;
    const right = path === '/nowhere' ? 404 : 200;
    for (const Host of [`localhost:${port}`, 'LOCALHOST.', 'a.localhost', '127.0.0.1', '10.0.0.1:80', `[::1]:${port}`])
      t.equal((await fetchFrom(url, { headers: { Host } })).status, right, `${Host} ${path}`);
    for (const Host of [
      `evil.example:${port}`,
      'localhost.evil.example',
      'notlocalhost',
      '127.0.0.1.evil.example',
      'user@127.0.0.1',
      '127.0.0.1/x',
      '2130706433',
      '[evil]',
    ]) {
      const { status, body } = await fetchFrom(url, { headers: { Host } });
      t.equal(status, 403, `"${Host}" ${path}`);
      t.match(body.toString(), /allowedHosts/);
    }
  }
  for (const [request, status] of [
    ['GET http://evil.example/metrics HTTP/1.1\r\nHost: localhost\r\n\r\n', '403'],
    ['GET http://localhost/metrics HTTP/1.1\r\nHost: evil.example\r\n\r\n', '200'],
    ['GET /metrics HTTP/1.1\r\nHost:\r\n\r\n', '403'],
    ['OPTIONS * HTTP/1.1\r\nHost: evil.example\r\n\r\n', '403'],
    ['GET /metrics HTTP/1.0\r\n\r\n', '200'],
  ]) {
    const client = await RawConnection.open(t, port);
    client.write(request);
    await client.until(/^HTTP/);
    t.same(client.statuses, [status], request);
  }
});

test('allowedHosts says which host names an endpoint answers', async (t) => {
  const statusOf = async (listen: ListenOptions, host: string): Promise<number> => {
    const { endpoint } = await serving(t, { flushWorkers: 0 }, listen);
    const headers = { Host: `${host}:${endpoint.port}` };
    return (await fetchFrom(`http://127.0.0.1:${endpoint.port}/-/healthy`, { headers })).status;
  };
  t.equal(await statusOf({ allowedHosts: ['Metrics.example'] }, 'metrics.EXAMPLE'), 200);
  t.equal(await statusOf({ allowedHosts: ['metrics.example'] }, 'evil.example'), 403);
  t.equal(await statusOf({ allowedHosts: ['metrics.example'] }, 'localhost'), 200);
  t.equal(await statusOf({ allowedHosts: 'any' }, 'evil.example'), 200);
  t.equal(await statusOf({ host: '0.0.0.0' }, 'evil.example'), 200, 'any, where others may reach it');
  t.equal(await statusOf({ host: '0.0.0.0', allowedHosts: ['metrics.example'] }, 'evil.example'), 403);
  t.equal(await statusOf({ host: '0.0.0.0', allowedHosts: [] }, '10.1.2.3'), 200);
});

test('pages of other origins are refused, and get no CORS headers', async (t) => {
  const allowedOrigins = ['https://Grafana.example', 'http://x.example:81'];
  const { endpoint } = await serving(t, { flushWorkers: 0 }, { allowedOrigins });
  const { port } = endpoint;
  const ask = (origin: string, host = `127.0.0.1:${port}`) =>
    fetchFrom(endpoint.url, { headers: { Origin: origin, Host: host } });
  for (const origin of [`http://127.0.0.1:${port}`, 'https://grafana.example', 'http://x.example:81'])
    t.equal((await ask(origin)).status, 200, origin);
  t.equal((await ask('http://localhost', 'localhost:80')).status, 200, "a port that is the scheme's own");
  for (const origin of [
    'null',
    '',
    'file://',
    'http://evil.example',
    `https://127.0.0.1:${port}`,
    'http://127.0.0.1',
    `http://localhost:${port}`,
    'http://x.example',
  ]) {
    const { status, headers } = await ask(origin);
    t.equal(status, 403, origin);
    t.notOk(Object.keys(headers).some((name) => name.startsWith('access-control')));
  }
  t.notOk(Object.keys((await ask('https://grafana.example')).headers).some((name) => name.startsWith('access-')));
});

test('wrong security options are refused, without showing secrets', async (t) => {
  const { collector } = await serving(t, { flushWorkers: 0 });
  const secret = 's3 cret';
  for (const [options, message] of [
    [{ auth: secret }, /^auth must be an object/],
    [{ api: 'no' }, /^api must be a boolean, got "no"/],
    [{ auth: {} }, /^auth must have either/],
    [{ auth: { username: 'a', password: secret, token: 'x' } }, /^auth must have either/],
    [{ auth: { username: 'a' } }, /^auth.password must be/],
    [{ auth: { username: 'a', password: '' } }, /^auth.password must be/],
    [{ auth: { username: 'a:b', password: secret } }, /^auth.username must be a string without a colon, got "a:b"/],
    [{ auth: { password: secret } }, /^auth.username must be/],
    [{ auth: { token: secret } }, /^auth.token must be/],
    [{ auth: { token: 7 } }, /^auth.token must be/],
    [{ auth: { user: 'a' } }, /^auth must be an object with no other options/],
    [{ allowedHosts: 'x' }, /^allowedHosts must be an array of host names, or 'any', got "x"/],
    [{ allowedHosts: ['x:80'] }, /^allowedHosts must be host names without a port, got "x:80"/],
    [{ allowedHosts: [7] }, /^allowedHosts must be an array/],
    [{ allowedOrigins: ['x'] }, /^allowedOrigins must be .*, got "x" among them/],
    [{ allowedOrigins: ['https://x/path'] }, /^allowedOrigins must be/],
    [{ allowedOrigins: '*' }, /^allowedOrigins must be/],
  ] as const) {
    const error = await collector.listen(options as object).catch((reason) => reason);
    t.equal(error.code, 'RINGMETER_INVALID_OPTION', inspect(options));
    t.match(error.message, message);
    if (!('auth' in options && options.auth === secret)) t.notMatch(error.message, secret);
  }
});

test('an endpoint whose worker ends is opened again with its credentials and allowed hosts', async (t) => {
  const workers = startedWorkers(t);
  const { endpoint } = await serving(t, {}, { auth: { token: 'x' } });
  await workers.at(-1)!.terminate();
  const answer = async (headers: Record<string, string>) => {
    for (const end = Date.now() + 10_000; ; )
      try {
        return (await fetchFrom(endpoint.url, { headers })).status;
      } catch (error) {
        if (Date.now() > end) throw error;
      }
  };
  t.equal(await answer({ Authorization: 'Bearer x' }), 200);
  t.equal(await answer({}), 401);
  t.equal(await answer({ Authorization: 'Bearer x', Host: 'evil.example' }), 403);
});

test('health checks need no credentials, and every other path does', async (t) => {
  const { endpoint } = await serving(t, { flushWorkers: 0 }, { auth: { token: 'x' } });
  const ask = (path: string, method = 'GET') => fetchFrom(new URL(endpoint.url).origin + path, { method });
  for (const path of ['/-/healthy', '/-/ready', '/-/ready?x=1']) {
    const { status, body, headers } = await ask(path);
    t.same([status, body.toString()], [200, 'OK\n'], path);
    t.notOk(Object.keys(headers).some((name) => /server|version|powered/.test(name)));
    t.equal((await ask(path, 'HEAD')).status, 200);
    t.equal((await ask(path, 'POST')).status, 401);
  }
  for (const path of [
    '/-/',
    '/-/healthy/',
    '//-/healthy',
    '/-/healthy/../../metrics',
    '/-/Ready',
    '/%2d/ready',
    '/-/ready;x',
  ])
    t.equal((await ask(path)).status, 401, path);
});

test('a request that a browser marks as caused by another site is refused, but for a link to the page', async (t) => {
  const { endpoint } = await serving(t, { flushWorkers: 0 }, { allowedOrigins: ['https://grafana.example'] });
  const status = async (path: string, headers: Record<string, string>): Promise<number> =>
    (await fetchFrom(new URL(path, endpoint.url).href, { headers })).status;
  const link = { 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' };
  for (const site of ['cross-site', 'same-site', 'cross-site, none']) {
    const marked = { 'Sec-Fetch-Site': site };
    for (const path of ['/metrics', '/api/v1/status/buildinfo', '/dashboard.json', '/', '/-/healthy'])
      t.equal(await status(path, { ...marked, 'Sec-Fetch-Mode': 'no-cors', 'Sec-Fetch-Dest': 'image' }), 403, path);
    t.equal(await status('/', { ...marked, ...link }), 200, 'a link to the page');
    t.equal(await status('/', { ...marked, ...link, 'Sec-Fetch-Dest': 'iframe' }), 403, 'a frame');
    t.equal(await status('/api/v1/status/buildinfo', { ...marked, ...link }), 403, 'a link to an answer');
    t.equal(await status('/metrics', { ...marked, Referer: 'https://grafana.example/d/1' }), 200, 'no Origin, allowed');
    t.equal(await status('/metrics', { ...marked, Origin: 'https://grafana.example' }), 200, 'allowed');
    t.equal(await status('/metrics', { ...marked, Referer: 'https://evil.example/' }), 403);
  }
  for (const site of ['same-origin', 'none']) t.equal(await status('/metrics', { 'Sec-Fetch-Site': site }), 200, site);
});

test('without the API only metrics are served, and no dashboard on an endpoint that is open to everybody', async (t) => {
  const paths = ['/metrics', '/-/ready', '/api/v1/status/buildinfo', '/', '/dashboard/stream/x', '/dashboard.json'];
  const statuses = async (listen: ListenOptions, dashboard?: { enabled: boolean }): Promise<number[]> => {
    const { endpoint } = await serving(t, { flushWorkers: 0, dashboard }, listen);
    const headers = 'auth' in listen ? { Authorization: 'Bearer x' } : undefined;
    const url = (path: string) => `http://127.0.0.1:${endpoint.port}${path}`;
    return Promise.all(paths.map(async (path) => (await fetchFrom(url(path), { headers })).status));
  };
  const [metrics, api, all] = [
    [200, 200, 404, 404, 404, 404],
    [200, 200, 200, 404, 404, 404],
    [200, 200, 200, 200, 404, 200],
  ];
  t.same(await statuses({ api: false }), metrics);
  t.same(await statuses({ api: false }, { enabled: true }), metrics);
  t.same(await statuses({}), all);
  t.same(await statuses({ host: '0.0.0.0' }), api);
  t.same(await statuses({ host: '0.0.0.0', auth: { token: 'x' } }), all);
  t.same(await statuses({ host: '0.0.0.0' }, { enabled: true }), all);
});
