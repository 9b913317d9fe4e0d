import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { checkDefaultMetrics } from '../../dist/src/process/options.js';
import { members, table, text } from '../helpers/document';
import { collectorFor, until } from '../instruments/support';
import { familiesOf } from './support';

const DOCUMENT = text('docs/process-metrics.md');

test('docs/process-metrics.md lists exactly the options there are, with their defaults', async (t) => {
  const rows = table(DOCUMENT, '## Options');
  t.same(
    rows.map(([name]) => name),
    members('src/process/options.ts', 'DefaultMetricsOptions'),
  );
  const defaults = { ...checkDefaultMetrics(true) } as Record<string, unknown>;
  for (const [name, shown] of rows)
    t.same(JSON.parse(shown.replaceAll("'", '"')), defaults[name], `default of ${name}`);
});

test('docs/process-metrics.md lists every metric with its labels, and none that the sources do not have', async (t) => {
  const rows = table(DOCUMENT, '## What is measured');
  const documented = new Map(rows.map(([name, labels]) => [name, new Set(labels.match(/[a-z]+/g))]));
  const collector = collectorFor(t, { flushWorkers: 1, storage: [], defaultMetrics: true });
  await until('the event loop has been seen', async () =>
    (await familiesOf(collector)).has('nodejs_eventloop_lag_max_seconds'),
  );
  for (const [name, { lines }] of await familiesOf(collector)) {
    const labels = new Set(lines.flatMap((line) => Object.keys(line.labels)));
    labels.delete('le');
    const known = documented.get(name);
    t.ok(known !== undefined, `${name} is documented`);
    t.same(
      [...labels].filter((label) => !known?.has(label)),
      [],
      `labels of ${name}`,
    );
  }
  const directory = join(__dirname, '..', '..', 'src', 'process');
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const sources = files.map((file) => text(join('src', 'process', file))).join('\n');
  // names are written whole, or with one part that varies
  const patterns = [
    ...sources.matchAll(/['`]((?:process|nodejs|ringmeter|system|cgroup|\$\{whose\})_[\w${}]+)['`]/g),
  ].map(([, name]) => new RegExp(`^${name.replaceAll(/\$\{\w+\}/g, '\\w+')}$`));
  for (const name of documented.keys())
    t.ok(
      patterns.some((pattern) => pattern.test(name)),
      `${name} is in the sources`,
    );
});
