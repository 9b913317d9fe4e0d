import { runInNewContext } from 'node:vm';
import { test } from 'tap';
import { resolveDelivery } from '../../dist/src/delivery/delivery-options.js';
import { ForeignStorage } from '../../dist/src/storages/module/foreign.js';
import { members, table, text } from '../helpers/document';

const document = text('docs/storages.md');
const names = (heading: string): string[] => table(document, heading).map(([name]) => name);
const defaults = (heading: string): Record<string, string> =>
  Object.fromEntries(table(document, heading).map(([name, shown]) => [name, shown]));
const evaluate = (code: string): unknown => runInNewContext(code);

test('docs/storages.md lists exactly the options of a delivery, with their defaults', async (t) => {
  const heading = '## Options of every delivery';
  t.same(names(heading), members('src/delivery/types.ts', 'DeliveryOptions'));
  const shown = defaults(heading);
  const { name, interval, timeout, queueBytes, queueAge, firstDelay, longestDelay } = resolveDelivery('kind', {}, 123);
  t.same([name, interval], ['kind', 123]);
  t.same(
    ['timeout', 'queue.maxBytes', 'queue.maxAge', 'retry.firstDelay', 'retry.longestDelay'].map((option) =>
      evaluate(shown[option]),
    ),
    [timeout, queueBytes, queueAge / 1000, firstDelay, longestDelay],
  );
});

test('docs/storages.md lists exactly the options of a module, with their defaults', async (t) => {
  const heading = '### `{ module, options, ... }`';
  t.same(names(heading), members('src/storages/module/foreign.ts', 'ModuleStorage'));
  const { foreign } = new ForeignStorage({ module: './package.json' }).description;
  t.equal(evaluate(defaults(heading).maxMemory), foreign?.maxMemory);
});

test('docs/storages.md lists exactly the functions of a module', async (t) => {
  t.same(
    names('## Writing your own').map((call) => call.replace(/\(.*/, '')),
    members('src/storages/module/foreign-backend.ts', 'StorageModule'),
  );
});

test('docs/storages.md lists exactly the metrics of a storage and what stats() says', async (t) => {
  const rows = table(document, '## When a storage is down');
  const metrics = text('src/delivery/metrics.ts').match(/ringmeter_storage_\w+/g);
  t.same(
    rows.map(([metric]) => metric),
    metrics,
  );
  t.same(
    ['name', ...rows.map((row) => row[1]), 'lastError'].sort(),
    members('src/delivery/stats.ts', 'StorageStats').sort(),
  );
});
