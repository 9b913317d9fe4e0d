import { spawnSync } from 'node:child_process';
import { test } from 'tap';

test('a property added to Object.prototype is not a label, and objects without a prototype are accepted', async (t) => {
  const program = `
    Object.prototype.polluted = 'yes';
    const { MetricsCollector } = require('ringmeter');
    const collector = new MetricsCollector({ flushWorkers: 0, storage: [], flushInterval: 0, defaultLabels: { zone: 'a' } });
    const labels = Object.assign(Object.create(null), { a: 'b' });
    collector.counter('free_total').increment(1, { a: 'b' });
    collector.counter('fixed_total', { labelNames: ['a'] }).increment(1, labels);
    collector.exposition().then(({ body }) => { console.log(Buffer.from(body).toString()); return collector.close(); });`;
  // without what the runner of the tests preloads
  const command = ['-u', 'NODE_OPTIONS', process.execPath, '-e', program];
  const { stdout, stderr } = spawnSync('env', command, { encoding: 'utf8', timeout: 60_000 });
  for (const name of ['free', 'fixed']) t.match(stdout, `${name}_total{a="b",zone="a"} 1\n`, stderr);
  t.notMatch(stdout, 'polluted');
});
