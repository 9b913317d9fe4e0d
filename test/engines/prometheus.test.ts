import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { needs, poll } from './engine';
import { Prometheus } from './servers';

/** What one thread of the service says it has recorded. */
interface Totals {
  requests: Record<string, number>;
  buckets: number[];
  count: number;
  sum: number;
  open: number;
}

const LOAD_MS = 5_000;
const BOUNDS = ['1', '5', '25', '100'];
const SERVICE = join(__dirname, 'scraped-service.cjs');

function startService(t: Test): ChildProcess {
  const child = fork(SERVICE, { env: { ...process.env, LOAD_MS: String(LOAD_MS) }, execArgv: [] });
  t.teardown(() => {
    child.kill('SIGKILL');
  });
  return child;
}

async function told<T>(child: ChildProcess, key: string): Promise<T> {
  const [message] = (await once(child, 'message')) as [Record<string, T>];
  if (!(key in message)) throw new Error(`expected ${key}, got ${JSON.stringify(message)}`);
  return message[key];
}

const add = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0);

test(
  'a Prometheus server that scrapes a service under load has the totals of the service',
  needs('prometheus'),
  async (t) => {
    const service = startService(t);
    const port = await told<number>(service, 'port');
    const server = await Prometheus.start(t, { target: `127.0.0.1:${port}` });
    // a server takes some seconds before it scrapes for the first time
    await poll('the target is up', async () => (await server.target())?.health === 'up');
    service.send('load');
    const all = await told<Totals[]>(service, 'totals');
    const count = add(all.map((totals) => totals.count));
    t.ok(count > 10_000, `${count} requests were counted by ${all.length} threads`);

    // the service is silent now: the next scrape has everything
    await poll(`the server has all ${count}`, async () => (await server.number('sum(requests_total)')) === count);
    const routes = new Set(all.flatMap(({ requests }) => Object.keys(requests)));
    for (const route of routes) {
      const expected = add(all.map(({ requests }) => requests[route] ?? 0));
      t.equal(await server.number(`requests_total{route=${JSON.stringify(route)}}`), expected, route);
    }
    t.equal((await server.query('requests_total')).length, routes.size, 'and no other series');
    for (const [index, bound] of BOUNDS.entries()) {
      const expected = add(all.map(({ buckets }) => buckets[index]));
      t.equal(await server.number(`answer_size_bytes_bucket{le="${bound}"}`), expected, `le ${bound}`);
    }
    t.equal(await server.number('answer_size_bytes_bucket{le="+Inf"}'), count);
    t.equal((await server.query('answer_size_bytes_bucket')).length, BOUNDS.length + 1);
    t.equal(await server.number('answer_size_bytes_count'), count);
    t.equal(await server.number('answer_size_bytes_sum'), add(all.map(({ sum }) => sum)));
    t.equal(await server.number('wait_seconds_count'), count);
    t.equal(await server.number('wait_seconds_sum'), add(all.map(({ sum }) => sum)));
    t.equal((await server.query('wait_seconds')).length, 4, 'a line for each quantile');
    t.equal(await server.number('open_connections'), add(all.map(({ open }) => open)));

    // and what it saw on the way was sound
    t.equal((await server.target())?.lastError, '');
    t.equal(await server.number('min_over_time(up[1m])'), 1, 'no scrape failed');
    t.ok((await server.number('count_over_time(up[1m])'))! >= 4, 'it scraped while there was load');
    t.equal(await server.number('sum(resets(requests_total[1m]))'), 0, 'no counter went back');
    t.ok((await server.number('count(changes(requests_total[1m]) > 0)'))! > 0, 'it saw them grow');

    service.send('end');
    const [code] = await once(service, 'exit');
    t.equal(code, 0);
  },
);
