import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { samples, scrape, start, startAsScript } from './run';

// each is another process and mostly waits
t.jobs = 3;

interface Example {
  file: string;
  /** A series that grows while it runs. */
  grows: string;
  /** What it says at last, from what it reads itself. */
  says: RegExp;
  /** What must agree with the scrape it shows then: the number it said, the sums of what the scrape shows. */
  agrees: (t: Test, said: number, sum: (start: string) => number) => void;
}

const examples: Example[] = [
  {
    file: 'http-service.ts',
    grows: 'http_requests_total{method="GET",route="/items",status="200"}',
    says: /orders {3}(\d+) of the last minute/,
    agrees(t, said, sum) {
      t.equal(sum('order_size_bytes_count'), said);
      t.equal(sum('http_requests_total{method="POST",route="/orders",status="201"}'), said);
      t.equal(sum('http_request_errors_total'), sum('http_requests_total{method="GET",route="/broken",status="500"}'));
    },
  },
  {
    file: 'database-pool.ts',
    grows: 'db_queries_total{operation="select",outcome="ok"}',
    says: /waits {4}(\d+):/,
    agrees(t, said, sum) {
      t.equal(sum('db_pool_wait_seconds_count'), said);
      t.equal(sum('db_queries_total'), said);
      t.equal(sum('db_pool_connections{state="idle"}'), 5, 'every connection came back');
      t.equal(sum('db_pool_connections{state="active"}') + sum('db_pool_waiting'), 0);
    },
  },
  {
    file: 'order-service.ts',
    grows: 'payments_total{outcome="paid"}',
    says: /payments (\d+) made by the worker thread/,
    agrees(t, said, sum) {
      t.equal(sum('payments_total{outcome="paid"}'), said);
      t.equal(sum('orders_total{status="paid"'), said, 'two threads agree');
      t.equal(sum('orders_total{status="unpaid"'), sum('payments_total{outcome="failed"}'));
      t.equal(sum('orders_open'), 0);
      t.equal(sum('order_processing_seconds_count'), sum('orders_total{'), 'every order was timed');
      t.equal(sum('order_processing_errors_total'), 0);
    },
  },
];

for (const { file, grows, says, agrees } of examples)
  t.test(
    `examples/${file} --once answers scrapes, shows the last one and ends by itself`,
    {
      buffered: true,
    },
    async (t) => {
      const example = start(file, '--once');
      const [, url] = await example.says(/^metrics {2}(http:.*)$/m);
      const running = await until(
        () => scrape(url),
        (seen) => (seen.get(grows) ?? 0) > 0,
      );
      const { code, output, errors } = await example.ended;
      t.equal(code, 0);
      t.equal(errors, '');
      const [said, shown] = output.split('what a scrape of');
      const last = samples(shown);
      t.ok(last.get(grows)! >= running.get(grows)!, 'it has not gone back');
      agrees(t, Number(says.exec(said)?.[1]), (start) =>
        [...last].reduce((sum, [series, value]) => sum + (series.startsWith(start) ? value : 0), 0),
      );
    },
  );

for (const [file, signal] of [
  ['http-service.ts', 'SIGINT'],
  ['database-pool.ts', 'SIGTERM'],
  ['order-service.ts', 'SIGINT'],
] as const)
  t.test(`examples/${file} goes on until ${signal} and then ends cleanly`, { buffered: true }, async (t) => {
    const example = startAsScript(file);
    const [, url] = await example.says(/^metrics {2}(http:.*)$/m);
    t.ok((await scrape(url)).size > 0);
    example.signal(signal);
    const { code, errors } = await example.ended;
    t.equal(code, 0);
    t.equal(errors, '');
  });

/** Asks again until the answer is as wanted. */
async function until<T>(ask: () => Promise<T>, wanted: (answer: T) => boolean): Promise<T> {
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; ) {
    const answer = await ask();
    if (wanted(answer)) return answer;
    await sleep(20);
  }
  throw new Error('waited in vain');
}
