import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'tap';
import { collectorFor } from '../instruments/support';
import { familiesOf, lineValue } from './support';

const LIBRARY = JSON.stringify(join(__dirname, '..', '..', 'dist', 'src', 'index.js'));

for (const flushWorkers of [0, 1])
  test(`a measured process ends by itself and prints nothing, with ${flushWorkers} flush workers`, async (t) => {
    const program = `
      const { MetricsCollector } = require(${LIBRARY});
      const collector = new MetricsCollector({ flushWorkers: ${flushWorkers}, defaultMetrics: { stallThreshold: 1 } });
      setTimeout(() => collector.exposition(), ${flushWorkers === 0 ? 1200 : 300});
    `;
    const child = spawn(process.execPath, ['-e', program], { stdio: 'pipe' });
    t.teardown(() => child.kill());
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (said += part));
    t.same(await once(child, 'exit'), [0, null]);
    // a machine that is busy may well have held it up that long
    t.equal(said.replace(/\(node:\d+\) \[RINGMETER_STALLED\][\s\S]*/, ''), '');
  });

test('metrics that the system does not allow to read are omitted', async (t) => {
  const { resourceUsage } = process;
  process.resourceUsage = () => {
    throw new Error('EPERM');
  };
  t.teardown(() => {
    process.resourceUsage = resourceUsage;
  });
  const families = await familiesOf(collectorFor(t, { defaultMetrics: true }));
  t.notOk(families.has('process_cpu_seconds_total'));
  t.equal(lineValue(families, 'nodejs_version_info'), 1);
});
