import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { installPacked, Program } from './consumer';

const IMPORTS = `import { createServer } from 'node:http';
import {
  type CollectorOptions, type Endpoint, expressMetrics, fastifyMetrics, instrumentServer, instrumentUndici, MemoryStorage,
  type Metric, MetricsCollector, type Summary, type SummaryStatistics,
} from 'ringmeter';
`;

/** One error on purpose, on its first line: a compiler run that does not report it has proved nothing. */
const MISTAKE = `new (require('ringmeter') as typeof import('ringmeter')).MetricsCollector().counter('c_total', { labelNames: ['a'] }).increment(1, { b: 1 });\n`;

const projects = {
  'moduleResolution node16': {
    options: { module: 'node16', moduleResolution: 'node16' },
    files: ['usage.cts', 'usage.mts', 'usage.ts'],
  },
  'moduleResolution bundler': {
    options: { module: 'esnext', moduleResolution: 'bundler' },
    files: ['usage.mts', 'usage.ts'],
  },
};

test('typed programs that use the package', async (t) => {
  const { folder } = await installPacked(t, ['@types/node']);
  const body = readFileSync(join(folder, 'usage.body.ts'), 'utf8');
  for (const extension of ['cts', 'mts', 'ts']) writeFileSync(join(folder, `usage.${extension}`), IMPORTS + body);
  writeFileSync(join(folder, 'mistake.cts'), MISTAKE);
  const compiler = require.resolve('typescript/bin/tsc');

  for (const [name, { options, files }] of Object.entries(projects)) {
    t.test(`compile under ${name}, and a wrong label does not`, async (t) => {
      const config = join(folder, `tsconfig.${options.moduleResolution}.json`);
      writeFileSync(
        config,
        JSON.stringify({
          compilerOptions: { ...options, target: 'es2022', strict: true, noEmit: true, types: ['node'] },
          files: [...files, 'mistake.cts'],
        }),
      );
      const { code, output } = await Program.start(t, folder, [compiler, '-p', config], {}, 60_000).ended;
      t.equal(code, 2);
      const errors = output
        .trim()
        .split('\n')
        .filter((line) => /error TS/.test(line));
      t.equal(errors.length, 1, output);
      t.match(errors[0], /^mistake\.cts\(1,\d+\): error TS2353: .*'b' does not exist/);
    });
  }
});
