import { cpSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { Program } from '../package/consumer';

const ROOT = join(__dirname, '..', '..');

test('a collector whose worker file is missing, as in a bundle, says so when it is made, and one without workers works', async (t) => {
  const folder = t.testdir({});
  cpSync(join(ROOT, 'dist', 'src'), join(folder, 'dist', 'src'), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'dir');
  const script = `
    const { MetricsCollector } = require('./dist/src/index.js');
    try { new MetricsCollector(); } catch (error) { console.log(error.code, error.message); }
    const collector = new MetricsCollector({ flushWorkers: 0 });
    collector.getAllMetrics().then(() => collector.close()).then(() => console.log('works'));`;
  const { code, output } = await Program.start(t, folder, ['-e', script]).ended;
  t.equal(code, 0);
  t.match(
    output,
    /^RINGMETER_WORKER_FAILED .*ENOENT.*Leave ringmeter out of the bundle.*serverExternalPackages.*\nworks\n$/,
  );
});
