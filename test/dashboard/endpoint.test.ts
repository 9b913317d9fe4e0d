import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { test } from 'tap';
import { fetchFrom, serving } from '../endpoint/client';
import { address, StreamClient } from './support';

const PATHS = ['/', '/dashboard.json', '/dashboard/schema.json', '/dashboard/history', '/dashboard/stream'];

/** The files that a text names, relative to the page. */
function assetsIn(html: string): string[] {
  return [...html.matchAll(/(?:src|href)="(dashboard\/assets\/[^"]+)"/g)].map(([, path]) => path);
}

test('no path of the dashboard is answered where it is switched off, and other paths are', async (t) => {
  const { endpoint } = await serving(t, { dashboard: { enabled: false } });
  for (const path of PATHS) t.equal((await fetchFrom(address(endpoint, path))).status, 404, path);
  t.equal((await fetchFrom(endpoint.url)).status, 200);
});

test('every answer has a content security policy that forbids other origins and inline code', async (t) => {
  const { endpoint } = await serving(t);
  for (const path of PATHS.filter((one) => one !== '/dashboard/stream')) {
    const { status, headers } = await fetchFrom(address(endpoint, path));
    t.equal(status, 200, path);
    const policy = String(headers['content-security-policy']);
    t.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self';/);
    t.notMatch(policy, /unsafe|http|\*/);
    t.match(policy, /frame-ancestors 'none'/);
    t.equal(headers['x-content-type-options'], 'nosniff');
    t.equal(headers['referrer-policy'], 'no-referrer');
  }
  const { response } = await StreamClient.open(t, endpoint);
  t.match(response.headers['content-security-policy'], /default-src 'none'/);
  t.equal(response.headers['content-type'], 'text/event-stream; charset=utf-8');
});

test('the page and its files are served, and can be cached until they change', async (t) => {
  const { endpoint } = await serving(t);
  const page = await fetchFrom(address(endpoint, '/'));
  const html = page.body.toString();
  t.equal(page.headers['content-type'], 'text/html; charset=utf-8');
  t.equal(page.headers['cache-control'], 'no-cache');
  t.notMatch(
    html,
    /<script(?![^>]*\ssrc=)|\son\w+=|\sstyle=|<style|https?:/,
    'nothing is inline, nothing is elsewhere',
  );
  const waiting = assetsIn(html);
  const seen = new Set<string>();
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    const { status, headers, body } = await fetchFrom(address(endpoint, path));
    t.equal(status, 200, path);
    t.match(headers['cache-control'], /immutable/);
    const folder = path.slice(0, path.lastIndexOf('/') + 1);
    const imported = [...body.toString().matchAll(/^import .*?from '\.\/([\w-]+\.js)';/gm)];
    if (path.endsWith('.js')) waiting.push(...imported.map(([, file]) => folder + file));
  }
  t.ok(seen.size > 25 && [...seen].some((path) => path.endsWith('/uplot.js')), `${seen.size} files`);
  const again = await fetchFrom(address(endpoint, '/'), { headers: { 'If-None-Match': page.headers.etag! } });
  t.equal(again.status, 304);
  t.equal(again.body.length, 0);
  const [one] = seen;
  t.equal(
    (await fetchFrom(address(endpoint, one.replace(/assets\/\w+/, 'assets/0000')))).status,
    404,
    'of another version',
  );
  for (const name of ['..%2findex.js', '%2e%2e', 'index.html%00', 'main.ts'])
    t.equal((await fetchFrom(address(endpoint, one.replace(/[^/]+$/, name)))).status, 404, name);
});

test('files are sent compressed to clients that accept it', async (t) => {
  const { endpoint } = await serving(t);
  const [style] = assetsIn((await fetchFrom(address(endpoint, '/'))).body.toString()).filter((path) =>
    path.endsWith('.css'),
  );
  const url = address(endpoint, style);
  const plain = await fetchFrom(url);
  const zipped = await fetchFrom(url, { headers: { 'Accept-Encoding': 'gzip' } });
  t.equal(zipped.headers['content-encoding'], 'gzip');
  t.ok(zipped.body.length < plain.body.length);
  t.same(gunzipSync(zipped.body), plain.body);
});

test('every path requires credentials', async (t) => {
  const { endpoint } = await serving(t, {}, { auth: { username: 'ops', password: 'secret' } });
  const Authorization = `Basic ${Buffer.from('ops:secret').toString('base64')}`;
  for (const path of [...PATHS, '/dashboard/assets/x/main.js'])
    t.equal((await fetchFrom(address(endpoint, path))).status, 401, path);
  t.equal((await fetchFrom(address(endpoint, '/'), { headers: { Authorization } })).status, 200);
  await (await StreamClient.open(t, endpoint, { Authorization })).until(1);
});

test('requests for other host names and from pages of other origins are refused', async (t) => {
  const { endpoint } = await serving(t);
  for (const path of PATHS) {
    t.equal((await fetchFrom(address(endpoint, path), { headers: { Host: 'evil.example' } })).status, 403, path);
    t.equal(
      (await fetchFrom(address(endpoint, path), { headers: { Origin: 'https://evil.example' } })).status,
      403,
      path,
    );
  }
});

test('the document is what collector.dashboard() gives, and its schema is that of the package', async (t) => {
  const { collector, endpoint } = await serving(t, { dashboard: { title: 'Shop' } });
  collector.counter('x_total').increment();
  const answer = await fetchFrom(address(endpoint, '/dashboard.json'));
  t.equal(answer.headers['content-type'], 'application/json');
  t.equal(answer.headers['cache-control'], 'no-store');
  const given = JSON.parse(answer.body.toString());
  const own = await collector.dashboard();
  t.same(Object.keys(given), Object.keys(own));
  t.match(given, { title: 'Shop', cardinality: own.cardinality });
  const schema = await fetchFrom(address(endpoint, '/dashboard/schema.json'));
  t.equal(schema.body.toString(), readFileSync(join(__dirname, '../../schemas/dashboard.schema.json'), 'utf8'));
});

test('the history has the same lines as the stream, at regular times', async (t) => {
  const { collector, endpoint } = await serving(t, { storage: undefined, flushInterval: 100 });
  const requests = collector.counter('http_requests_total', { labelNames: ['status'] });
  const timer = setInterval(() => requests.increment(1, { status: 200 }), 5);
  t.teardown(() => clearInterval(timer));
  const stream = await (await StreamClient.open(t, endpoint)).until(4);
  const asked = Date.now();
  const { times, panels, stalls } = JSON.parse(
    (await fetchFrom(address(endpoint, '/dashboard/history?minutes=5'))).body.toString(),
  );
  t.equal(times.length, 300);
  t.ok(times.every((time: number, index: number) => index === 0 || time - times[index - 1] === 1_000));
  t.ok(times.at(-1) > asked - 2_000 && times.at(-1) <= Date.now());
  const [points] = stream.of('points').slice(-1) as { panels: Record<string, Record<string, number>> }[];
  t.same(Object.keys(panels).sort(), Object.keys(points.panels).sort());
  t.same(Object.keys(panels.requests), ['requests', 'errors']);
  const last = panels.requests.requests.findLast((value: number | null) => value !== null);
  t.ok(Math.abs(last / points.panels.requests.requests - 1) < 0.5, `${last} and ${points.panels.requests.requests}`);
  t.same(stalls, []);
  for (const minutes of ['0', '61', 'x', '1.5'])
    t.equal((await fetchFrom(address(endpoint, `/dashboard/history?minutes=${minutes}`))).status, 400, minutes);
});
