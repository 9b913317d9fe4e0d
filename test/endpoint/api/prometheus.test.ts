import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { MemoryStorage, type MetricsCollector, PrometheusStorage } from 'ringmeter';
import { type Test, test } from 'tap';
import { needs, poll, program } from '../../engines/engine';
import { Prometheus } from '../../engines/servers';
import { collectorFor, stopWallClock } from '../../instruments/support';
import { serving } from '../client';
import { type ApiAnswer, baseOf, type Given, get, post } from './support';

const STEPS = 30;
const STEP_MS = 1_000;

/** Two APIs that have the same samples: ours and that of a real Prometheus. */
interface Pair {
  ours: string;
  theirs: string;
  /** Seconds: the first and the last sample. */
  start: number;
  end: number;
}

async function loaded(t: Test): Promise<Pair> {
  const server = await Prometheus.receiver(t, { window: '1h' });
  const pass = stopWallClock(t);
  pass(-120_000);
  const remote = new PrometheusStorage({ remoteWrite: { url: server.writeUrl } });
  // the server is to know all that our history does
  Object.assign(remote.description, { omitsStorageMetrics: false });
  const collector = collectorFor(t, { storage: [new MemoryStorage(), remote] });
  const start = (Date.now() + STEP_MS) / 1000;
  for (let step = 0; step < STEPS; step++) {
    pass(STEP_MS);
    record(collector, step);
    await collector.flush();
  }
  const end = Date.now() / 1000;
  const ours = baseOf(await collector.listen({ port: 0 }));
  return { ours, theirs: server.base, start, end };
}

function record(collector: MetricsCollector, step: number): void {
  const requests = collector.counter('requests_total', { description: 'Requests "so far"' });
  requests.increment(step, { route: '/a "b" \\ ä', status: 200 });
  requests.increment(0.1, { route: '/b', status: 500 });
  collector.gauge('level').set(step % 2 === 0 ? 1e-7 * step : -1e22 * step);
  const wait = collector.histogram('wait_seconds', { buckets: [0.1, 1] });
  wait.observe((step % 20) / 10, { route: '/b' });
}

/** What an answer says, apart from the order of series and the words of an error. */
function comparable({ status, json }: ApiAnswer): unknown {
  const { data, errorType } = json;
  if (json.status === 'error') return { status, errorType, said: json.error !== '' };
  const sorted = (list: unknown[]) => [...list].map((one) => JSON.stringify(one)).sort();
  if (data?.resultType === 'vector' || data?.resultType === 'matrix')
    return { status, type: data.resultType, result: sorted(data.result.map(ordered)) };
  return { status, data: Array.isArray(data) ? sorted(data.map(ordered)) : data };
}

/** The same, with twelve digits of each number. */
function rounded(answer: ApiAnswer): unknown {
  return JSON.parse(
    JSON.stringify(comparable(answer)).replace(/\d+\.\d{6,}/g, (number) =>
      String(Number(Number(number).toPrecision(12))),
    ),
  );
}

/** Labels sorted by name. */
function ordered(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, inner]) => [name, ordered(inner)]),
  );
}

test('the API answers as a real Prometheus that has the same samples', needs('prometheus'), async (t) => {
  const { ours, theirs, start, end } = await loaded(t);
  await poll('Prometheus has all samples', async () => {
    const { json } = await get(theirs, 'query', { query: `count_over_time(level[1h])`, time: String(end) });
    return json.data.result[0]?.value[1] === String(STEPS);
  });
  const range = { start: String(start), end: String(end) };
  const iso = { start: new Date(start * 1000).toISOString(), end: new Date(end * 1000).toISOString() };
  const requests: [string, Given][] = [
    ['query', { query: 'level', time: String(end) }],
    ['query', { query: 'level', time: iso.end }],
    ['query', { query: '{__name__=~".+"}', time: String(start + 5.5) }],
    ['query', { query: '1/0', time: '1e3' }],
    ['query', { query: '-0', time: '0' }],
    ['query', { query: '"text \\" ä"', time: '1.5' }],
    ['query', { query: 'level[5s]', time: String(end) }],
    ['query', { query: 'rate(requests_total[10s])', time: String(end) }],
    ['query', { query: 'sum by (status) (requests_total)', time: String(end) }],
    ['query', { query: 'histogram_quantile(0.9, rate(wait_seconds_bucket[20s]))', time: String(end) }],
    ['query', { query: 'nothing', time: String(end) }],
    ['query', { query: 'level', time: '1' }],
    ['query_range', { query: 'level', ...range, step: '1' }],
    ['query_range', { query: 'requests_total', ...iso, step: '2.5' }],
    ['query_range', { query: 'sum(rate(requests_total[5s]))', ...range, step: '3s' }],
    ['query_range', { query: 'level > 0', ...range, step: '1s500ms' }],
    ['query_range', { query: '7', ...range, step: '10' }],
    ['query_range', { query: 'level', start: range.end, end: range.end, step: '1' }],
    ['series', { 'match[]': 'requests_total', ...range }],
    ['series', { 'match[]': ['{route="/b"}', 'level', '{route=~".*b.*"}'], ...range }],
    ['series', { 'match[]': 'nothing' }],
    ['series', { 'match[]': '{__name__=~"wait.*"}', ...range }],
    ['labels', {}],
    ['labels', range],
    ['labels', { 'match[]': 'wait_seconds_bucket' }],
    ['labels', { 'match[]': 'nothing' }],
    ['label/__name__/values', {}],
    ['label/route/values', { 'match[]': '{status="200"}' }],
    ['label/le/values', iso],
    ['label/nothing/values', {}],
    ['label/__proto__/values', {}],
    ['label/constructor/values', {}],
    ['rules', {}],
    ['rules', { type: 'alert' }],
    ['alerts', {}],
    // and what is wrong
    ['query', {}],
    ['query', { query: 'level{' }],
    ['query', { query: 'level', time: 'soon' }],
    ['query', { query: 'level', timeout: 'x' }],
    ['query', { query: 'rate(level)' }],
    ['query', { query: 'requests_total + on (nothing) requests_total', time: String(end) }],
    ['query_range', { query: 'level', start: '1', end: '0', step: '1' }],
    ['query_range', { query: 'level', start: '0', end: '11001', step: '1' }],
    ['query_range', { query: 'level', start: '0', end: '11000', step: '1' }],
    ['query_range', { query: 'level', start: '0', end: '1', step: '0' }],
    ['query_range', { query: 'level', start: '0', end: '1', step: '-1' }],
    ['query_range', { query: 'level', start: '0', end: '1' }],
    ['query_range', { query: 'level', end: '1', step: '1' }],
    ['query_range', { query: 'level[5m]', start: '0', end: '1', step: '1' }],
    ['query_range', { query: '"text"', start: '0', end: '1', step: '1' }],
    ['series', {}],
    ['series', { 'match[]': '' }],
    ['series', { 'match[]': '{}' }],
    ['series', { 'match[]': 'level[5m]' }],
    ['series', { 'match[]': 'sum(level)' }],
    ['series', { 'match[]': 'level', start: 'x' }],
    ['label/a-b/values', {}],
    ['rules', { type: 'x' }],
  ];
  for (const [path, given] of requests) {
    const what = `${path} ${JSON.stringify(given)}`;
    // what is computed in another order may differ in its last digits
    const said = String(given.query).includes('rate(') ? rounded : comparable;
    const expected = said(await get(theirs, path, given));
    t.same(said(await get(ours, path, given)), expected, what);
    if (['query', 'query_range', 'series', 'labels'].includes(path))
      t.same(said(await post(ours, path, given)), expected, `POST ${what}`);
  }
  const all = await get(ours, 'query', { query: 'requests_total', time: String(end), limit: '1' });
  t.equal(all.json.data.result.length, 1);
  t.same(all.json.warnings, ['results truncated due to limit']);
  t.equal((await get(ours, 'labels', { limit: '-1' })).status, 400);
});

const run = promisify(execFile);

test('promtool queries it as it queries a Prometheus', needs('promtool'), async (t) => {
  const { ours, theirs, start, end } = await loaded(t);
  await poll('Prometheus has all samples', async () => {
    const { json } = await get(theirs, 'query', { query: `count_over_time(level[1h])`, time: String(end) });
    return json.data.result[0]?.value[1] === String(STEPS);
  });
  const range = [`--start=${start}`, `--end=${end}`];
  for (const [command, after] of [
    [['instant', `--time=${end}`], ['sum by (route) (requests_total)']],
    [['instant', `--time=${end}`, '--format=json'], ['requests_total']],
    [['instant', `--time=${end}`], ['1/0']],
    [['range', ...range, '--step=5s'], ['level']],
    [['series', ...range, '--match=requests_total', '--match=level'], []],
    [['labels', ...range], ['route']],
    [['labels', ...range], ['__name__']],
  ] as const) {
    const said = async (base: string) =>
      (await run(program('promtool'), ['query', ...command, base, ...after])).stdout.split('\n').sort();
    t.same(await said(ours), await said(theirs), command.join(' '));
  }
  await t.rejects(run(program('promtool'), ['query', 'instant', ours, 'sum(']), /bad_data/);
});

test('metadata are those of a Prometheus that scrapes the endpoint', needs('prometheus'), async (t) => {
  const { collector, endpoint } = await serving(t, { storage: new MemoryStorage() });
  collector.counter('jobs_total', { description: 'Jobs "done" \\ \n' }).increment();
  collector.gauge('level').set(1);
  collector.histogram('wait_seconds', { unit: 'seconds', description: 'Waits' }).observe(1);
  collector.summary('size_bytes', { description: 'Sizes' }).observe(1);
  const server = await Prometheus.start(t, { target: `127.0.0.1:${endpoint.port}` });
  const unitless = (data: Record<string, { unit: string }[]>) =>
    Object.fromEntries(Object.entries(data).map(([name, list]) => [name, list.map((one) => ({ ...one, unit: '' }))]));
  await poll('it has scraped', async () => Object.keys((await get(server.base, 'metadata')).json.data).length > 0);
  const theirs = (await get(server.base, 'metadata')).json.data;
  const { data } = (await get(baseOf(endpoint), 'metadata')).json;
  // the text format has no units
  t.same(unitless(data), theirs);
  t.equal(data.wait_seconds[0].unit, 'seconds');
  const some: Given[] = [{ metric: 'level' }, { metric: 'nothing' }, { limit: '0' }, { limit: 'x' }];
  for (const given of some)
    t.same(
      comparable(await get(baseOf(endpoint), 'metadata', given)),
      comparable(await get(server.base, 'metadata', given)),
    );
  const { json } = await get(baseOf(endpoint), 'metadata', { limit: '2' });
  t.equal(Object.keys(json.data).length, 2);
  const keys = ['version', 'revision', 'branch', 'buildUser', 'buildDate', 'goVersion'];
  for (const base of [server.base, baseOf(endpoint)])
    t.same(Object.keys((await get(base, 'status/buildinfo')).json.data).sort(), [...keys].sort());
});
