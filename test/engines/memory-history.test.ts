import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { MemoryStorage, type SeriesValue } from 'ringmeter';
import { type Test, test } from 'tap';
import { randomFrom } from '../history/values';
import { collectorFor, SEED, samplesOf, stopWallClock } from '../instruments/support';
import { needs, poll } from './engine';

/** A Prometheus that serves samples of the past, given as OpenMetrics text, and scrapes nothing. Returns how to ask it. */
async function prometheusWith(
  t: Test,
  openMetrics: string,
): Promise<(expression: string, time: number) => Promise<Map<string, number>>> {
  const folder = t.testdir({ 'prometheus.yml': '', data: {} });
  writeFileSync(join(folder, 'samples.txt'), openMetrics);
  execFileSync('promtool', [
    'tsdb',
    'create-blocks-from',
    'openmetrics',
    join(folder, 'samples.txt'),
    join(folder, 'data'),
  ]);
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  const child = spawn(
    'prometheus',
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=warn',
    ],
    { stdio: 'ignore' },
  );
  const kill = (): boolean => child.kill('SIGKILL');
  process.once('exit', kill);
  t.teardown(async () => {
    process.off('exit', kill);
    const ended = once(child, 'exit');
    if (kill()) await ended;
  });
  const base = `http://127.0.0.1:${port}`;
  await poll('Prometheus is ready', async () => (await fetch(`${base}/-/ready`)).ok);
  return async (expression, time) => {
    const response = await fetch(`${base}/api/v1/query?query=${encodeURIComponent(expression)}&time=${time / 1000}`);
    const { status, data } = (await response.json()) as {
      status: string;
      data: { result: { metric: Record<string, string>; value: [number, string] }[] };
    };
    if (status !== 'success') throw new Error(`${expression}: ${JSON.stringify(data)}`);
    return new Map(
      data.result.map(({ metric, value }) => [keyOf(metric), Number(value[1].replace('Inf', 'Infinity'))]),
    );
  };
}

function keyOf({ __name__, ...labels }: Record<string, string>): string {
  return JSON.stringify(Object.entries(labels).sort());
}

/** Both say the same of the same series, to the 12th digit. Returns how many series that were. */
function same(t: Test, what: string, told: readonly SeriesValue[], expected: ReadonlyMap<string, number>): number {
  const wrong = told.filter(({ labels, value }) => {
    const other = expected.get(keyOf(labels));
    if (other === undefined) return true;
    return !Object.is(value, other) && !(Math.abs(value - other) <= 1e-12 * Math.abs(other));
  });
  t.same(wrong, [], `${what} of ${[...expected]}`);
  t.equal(told.length, expected.size, `${what}: as many series`);
  return told.length;
}

test(
  `rate, increase and quantile are those of a real Prometheus (RINGMETER_SEED=${SEED})`,
  needs('prometheus'),
  async (t) => {
    const random = randomFrom(SEED);
    const pass = stopWallClock(t);
    pass(-3_600_000);
    const storage = new MemoryStorage({ maxSnapshots: 1_000 });
    const collector = collectorFor(t, { storage });
    const requests = collector.counter('requests_total');
    const seconds = collector.histogram('seconds', { buckets: [-1, 0.1, 0.5, 1, 5] });
    const resets = collector.gauge('resets');
    const uneven = collector.histogram('uneven', { buckets: [1, 2] });
    const lines: string[] = [];
    const times: number[] = [];
    let level = 0;
    for (let flush = 0; flush < 240; flush++) {
      pass(flush % 50 === 49 ? 9_000 : 700 + Math.floor(random() * 600));
      if (flush !== 0) requests.increment(Math.floor(random() * 20), { method: 'GET' });
      if (random() < 0.1 || flush === 180) requests.increment(random(), { method: 'PUT', flush: flush > 120 });
      for (let one = random() * 5; one > 0; one--) seconds.observe(random() ** 3 * 8, { route: flush % 2 });
      seconds.observe(random() - 2, { route: 'before' });
      level = random() < 0.1 ? Math.floor(random() * 5) : level + Math.floor(random() * 50);
      resets.set(level);
      // its first bucket was 0 one distance before its first point, the others longer ago than is extrapolated
      for (let one = 0; one < 10 && flush < 2; one++) uneven.observe(0.5);
      for (let one = 0; one < 2 && flush === 0; one++) uneven.observe(1.5);
      await collector.flush();
      times.push(Date.now());
      for (const [sample, value] of await samplesOf(collector)) lines.push(`${sample} ${value} ${Date.now() / 1000}`);
    }
    const ask = await prometheusWith(t, `${lines.join('\n')}\n# EOF\n`);

    const early = { from: times[0] - 20_000, to: times[1] };
    const expression = `histogram_quantile(0.99, increase(uneven_bucket[${early.to - early.from}ms]))`;
    let compared = same(
      t,
      expression,
      await storage.quantile(0.99, { name: 'uneven', ...early }),
      await ask(expression, early.to),
    );
    for (let round = 0; round < 25; round++) {
      const to = times[Math.floor(random() * times.length)] + Math.floor(random() * 3_000) - 1_000;
      const range = 1_000 + Math.floor(random() ** 2 * 200_000);
      const from = to - range;
      for (const name of ['requests_total', 'seconds_bucket', 'seconds_sum', 'seconds_count', 'resets']) {
        const [rates, increases] = [await storage.rate({ name, from, to }), await storage.increase({ name, from, to })];
        compared += same(t, `rate(${name}[${range}ms])`, rates, await ask(`rate(${name}[${range}ms])`, to));
        compared += same(t, `increase(${name}[${range}ms])`, increases, await ask(`increase(${name}[${range}ms])`, to));
      }
      for (const quantile of [0, 0.5, 0.99, 1]) {
        const expression = `histogram_quantile(${quantile}, increase(seconds_bucket[${range}ms]))`;
        const told = await storage.quantile(quantile, { name: 'seconds', from, to });
        compared += same(t, expression, told, await ask(expression, to));
      }
    }
    t.ok(compared > 500, `${compared} series were compared`);
  },
);
