import { once } from 'node:events';
import { createServer } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { collectDefaultMetrics as peerMetrics, Registry } from 'prom-client';
import { collectDefaultMetrics } from 'ringmeter';
import { type Test, test } from 'tap';
import type { ParsedFamily } from '../helpers/parse-exposition';
import { collectorFor, until } from '../instruments/support';
import { byName, familiesOf, lineValue } from './support';

type Families = Map<string, ParsedFamily>;

const OPTIONS = {
  prefix: 'shop_',
  labels: { pod: 'a1' },
  gcDurationBuckets: [0.01, 0.1],
  eventLoopMonitoringPrecision: 5,
};

/** Both measure this process at the same time, with the same options. */
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

async function both(t: Test, options: typeof OPTIONS | undefined): Promise<{ ours: Families; theirs: Families }> {
  // something of every kind that there may be none of in this process
  const server = createServer().listen(0, '127.0.0.1');
  t.teardown(() => new Promise((resolve) => server.close(resolve)));
  await once(server, 'listening');
  // little garbage is left that could be collected between two readings
  collectGarbage();
  const register = new Registry();
  peerMetrics({ ...options, register });
  const collector = collectorFor(t);
  collectDefaultMetrics({ ...options, collector });
  const prefix = options?.prefix ?? '';
  const [lag, handles] = [`${prefix}nodejs_eventloop_lag_p99_seconds`, `${prefix}nodejs_active_handles`];
  let ours: Families = new Map();
  let theirs: Families = new Map();
  await until('the event loop and the servers of now have been seen', async () => {
    collectGarbage();
    ours = await familiesOf(collector);
    // it writes empty lines between metrics, and NaN otherwise
    theirs = byName(Buffer.from((await register.metrics()).replaceAll('\n\n', '\n').replaceAll(' Nan\n', ' NaN\n')));
    // ours are those of the last sample, in which a server of the test before may still have been
    const [own, other] = [ours, theirs].map((families) => lineValue(families, handles, { type: 'Server' }));
    return lineValue(ours, lag) !== undefined && own === other;
  });
  return { ours, theirs };
}

/** The label names of a family's lines, each combination once, sorted. */
function labelNames({ lines }: ParsedFamily): string[] {
  return [...new Set(lines.map(({ labels }) => Object.keys(labels).sort().join()))].sort();
}

for (const [how, options] of [
  ['without options', undefined],
  ['with a prefix, labels, buckets and a precision', OPTIONS],
] as const)
  test(`every default metric of prom-client is there, with its type, text and labels, ${how}`, async (t) => {
    const { ours, theirs } = await both(t, options as typeof OPTIONS | undefined);
    t.ok(theirs.size >= 30, `prom-client has ${theirs.size}`);
    for (const [name, family] of theirs) {
      const own = ours.get(name);
      if (own === undefined) {
        // it shows a metric without any line
        t.equal(family.lines.length, 0, `${name} is missing`);
        continue;
      }
      t.equal(own.type, family.type, `type of ${name}`);
      t.equal(own.help, family.help, `text of ${name}`);
      if (family.lines.length > 0) t.same(labelNames(own), labelNames(family), `labels of ${name}`);
    }
  });

test('the values are those of prom-client', async (t) => {
  const { ours, theirs } = await both(t, undefined);
  const compare = (name: string, tolerance: number, labels: Record<string, string> = {}): void => {
    const [own, other] = [lineValue(ours, name, labels)!, lineValue(theirs, name, labels)!];
    t.ok(Math.abs(own - other) <= tolerance * Math.abs(other), `${name} ${JSON.stringify(labels)}: ${own}, ${other}`);
  };
  for (const name of ['process_start_time_seconds', 'process_max_fds', 'nodejs_version_info']) compare(name, 1e-9);
  for (const name of ['process_resident_memory_bytes', 'process_virtual_memory_bytes', 'process_heap_bytes'])
    compare(name, 0.1);
  for (const name of ['nodejs_heap_size_total_bytes', 'nodejs_heap_size_used_bytes', 'nodejs_external_memory_bytes'])
    compare(name, 0.5);
  compare('process_open_fds', 0.1);
  const spaces = theirs.get('nodejs_heap_space_size_total_bytes')!.lines.map(({ labels }) => labels.space);
  t.same(
    ours
      .get('nodejs_heap_space_size_total_bytes')!
      .lines.map(({ labels }) => labels.space)
      .sort(),
    spaces.sort(),
  );
  compare('nodejs_heap_space_size_total_bytes', 0.5, { space: 'old' });
  for (const what of ['handles', 'requests', 'resources']) {
    const counts = ({ lines }: ParsedFamily) => lines.reduce((sum, { value }) => sum + value, 0);
    const family = ours.get(`nodejs_active_${what}`);
    t.equal(family ? counts(family) : 0, lineValue(ours, `nodejs_active_${what}_total`), `${what} add up`);
  }
  t.equal(lineValue(ours, 'nodejs_active_handles', { type: 'Server' }), 1);
  t.equal(lineValue(theirs, 'nodejs_active_handles', { type: 'Server' }), 1);
});
