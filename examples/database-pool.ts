/**
 * A database connection pool that shows what it is short of: connections in use, callers waiting, how long they wait,
 * how long queries take. The database is simulated.
 *
 *     npm run example:pool              metrics on 9464 (or PORT)
 *     npm run example:pool -- --once    runs for some seconds, shows a scrape, ends
 */
import { setTimeout as pause } from 'node:timers/promises';
import { MetricsCollector } from 'ringmeter';
import { aborted, metricsPort, once, printScrape, stopSignal } from './support/lifecycle';

const collector = new MetricsCollector();

const connections = collector.gauge('db_pool_connections', {
  description: 'Connections of the pool by what they are doing',
  labelNames: ['state'] as const,
});
const waiting = collector.gauge('db_pool_waiting', { description: 'Callers that wait for a connection' });
const wait = collector.summary('db_pool_wait_seconds', {
  description: 'Time callers waited for a connection, last minute',
  unit: 'seconds',
  maxAge: 60,
});
const queries = collector.counter('db_queries_total', {
  description: 'Queries by their outcome',
  labelNames: ['operation', 'outcome'] as const,
});
const duration = collector.histogram('db_query_duration_seconds', {
  description: 'Time a query took, without the wait for a connection',
  unit: 'seconds',
  labelNames: ['operation'] as const,
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25],
});

type Operation = 'select' | 'insert' | 'update';

/** At most `size` queries at the same time; further callers queue. */
class Pool {
  private free: number;
  private readonly queue: (() => void)[] = [];

  constructor(size: number) {
    this.free = size;
    // the pool knows these: it is asked when there is a scrape, and not made to tell each change
    connections.collect(() => [
      { labels: { state: 'idle' }, value: this.free },
      { labels: { state: 'active' }, value: size - this.free },
    ]);
    waiting.collect(() => this.queue.length);
  }

  async query(operation: Operation): Promise<void> {
    await wait.time(() => this.acquire());
    try {
      await duration.time(() => runQuery(operation), { operation });
      queries.increment(1, { operation, outcome: 'ok' });
    } catch {
      queries.increment(1, { operation, outcome: 'failed' });
    } finally {
      this.release();
    }
  }

  private async acquire(): Promise<void> {
    if (this.free > 0) {
      this.free--;
      return;
    }
    await new Promise<void>((resolve) => this.queue.push(resolve));
  }

  /** Hands the connection to the caller who has waited longest, or puts it back. */
  private release(): void {
    const next = this.queue.shift();
    if (next !== undefined) next();
    else this.free++;
  }
}

/** What the database would do. */
async function runQuery(operation: Operation): Promise<void> {
  const milliseconds = { select: 4, insert: 8, update: 12 }[operation];
  await pause(milliseconds * (0.5 + Math.random()));
  if (Math.random() < 0.02) throw new Error('deadlock detected');
}

/** Callers that want more than the pool has. */
async function playCallers(pool: Pool, stopping: AbortSignal): Promise<void> {
  const operations: Operation[] = ['select', 'select', 'select', 'insert', 'update'];
  const caller = async (number: number): Promise<void> => {
    for (let turn = number; !stopping.aborted; turn++) {
      await pool.query(operations[turn % operations.length]);
      await pause(Math.random() * 20);
    }
  };
  await Promise.all(Array.from({ length: 24 }, (_, number) => caller(number)));
}

async function main(): Promise<void> {
  const { url } = await collector.listen({ port: metricsPort });
  const stopping = stopSignal();
  console.log(`metrics  ${url}`);
  await playCallers(new Pool(5), stopping);
  await aborted(stopping);

  const { count, p50, p99, max } = wait.getStatistics();
  const ms = (seconds: number): string => `${(seconds * 1000).toFixed(1)} ms`;
  console.log(`waits    ${count}: ${ms(p50)} at the median, ${ms(p99)} at p99, ${ms(max)} at most`);
  console.log(`selects  ${ms(duration.getQuantile(0.95, { operation: 'select' }))} at p95`);
  if (once) await printScrape(url, ['db_queries_total', 'db_pool']);
  await collector.close();
}

void main();
