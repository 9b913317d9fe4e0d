/**
 * A storage of one's own: a service whose metrics go to a StatsD server, by the module beside this file. The server is a
 * small one that adds up what it gets.
 *
 *     npm run example:storage              until SIGINT
 *     npm run example:storage -- --once    runs for some seconds, ends
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { MetricsCollector } from 'ringmeter';
import { stopSignal } from '../support/lifecycle';

/** What a StatsD server does: adds up counters, keeps the last value of gauges. */
async function startServer(): Promise<{ port: number; values: Map<string, number>; close(): void }> {
  const values = new Map<string, number>();
  const socket = createSocket('udp4');
  socket.on('message', (packet) => {
    for (const line of packet.toString().split('\n')) {
      const [, name, value, type, tags = ''] = /^([^:]+):([^|]+)\|(\w+)(\|#.*)?$/.exec(line) ?? [];
      const before = type === 'c' ? (values.get(name + tags) ?? 0) : 0;
      values.set(name + tags, before + Number(value));
    }
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return { port: socket.address().port, values, close: () => socket.close() };
}

/** Jobs that come, wait and are done. */
async function playJobs(collector: MetricsCollector, stopping: AbortSignal): Promise<number> {
  const jobs = collector.counter('jobs_total', { description: 'Jobs done', labelNames: ['kind'] as const });
  const waiting = collector.gauge('jobs_waiting', { description: 'Jobs that wait' });
  const duration = collector.histogram('job_duration_seconds', { description: 'Time a job took', unit: 'seconds' });
  let done = 0;
  for (; !stopping.aborted; done++) {
    waiting.set(Math.round(Math.random() * 20));
    await duration.time(() => pause(Math.random() * 10));
    jobs.increment(1, { kind: done % 3 === 0 ? 'mail' : 'report' });
  }
  return done;
}

async function main(): Promise<void> {
  const stopping = stopSignal();
  const server = await startServer();
  const collector = new MetricsCollector({
    flushInterval: 500,
    storage: {
      module: join(__dirname, 'statsd.mjs'),
      options: { host: '127.0.0.1', port: server.port },
      timeout: 2_000,
    },
  });
  console.log(`StatsD   127.0.0.1:${server.port}`);
  const done = await playJobs(collector, stopping);
  await collector.close();
  // what was sent last is still on its way
  await pause(100);
  server.close();

  const [{ name, stored, failures }] = collector.stats().storages;
  console.log(`jobs     ${done} done`);
  console.log(`storage  ${name}: ${stored} snapshots stored, ${failures} attempts failed`);
  console.log('what the server got:');
  for (const [line, value] of server.values) console.log(`  ${line} ${value}`);
}

void main();
