import { runInNewContext } from 'node:vm';
import { test } from 'tap';
import { resolveDelivery } from '../../dist/src/delivery/delivery-options.js';
import { ForeignStorage } from '../../dist/src/storages/module/foreign.js';
import { code, diagnose, members, table, text } from '../helpers/document';

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
  const rows = table(document, '## When one is down');
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

test('the code of docs/storages.md compiles', async (t) => {
  t.same(diagnose(t, code(document, '## Writing your own')), []);
  t.same(diagnose(t, code(document, '## Choose')), []);
  const made = `import { MetricsCollector } from 'ringmeter';\nconst collector = new MetricsCollector();\n`;
  t.same(diagnose(t, made + code(document, '## When one is down')), []);
});

test("a typed module of a user's compiles, and one that does not fit does not", async (t) => {
  const module = (label: string): string => `
    import {
      MetricsCollector, StorageFailure, type ModuleStorage, type ResolvedQuery, type StorageModule, type TimeSeries,
    } from 'ringmeter';
    interface Options { url: string }
    const module = {
      async open({ options, signal }) { await fetch(options.url, { signal }); },
      async store(snapshot, { name, options, signal }) {
        const { contentType, body } = snapshot.exposition();
        const answer = await fetch(options.url, { method: 'POST', body, headers: { 'content-type': contentType }, signal });
        if (!answer.ok) throw new StorageFailure(name + answer.${label}, { retryable: answer.status >= 500, retryAfter: 100 });
        for (const { labels, value } of snapshot.metrics()) console.log(labels.method, value + 1, snapshot.timestamp);
      },
      query: (query: ResolvedQuery): TimeSeries[] => [{ name: query.name, labels: query.labels, points: [] }],
      close: () => {},
    } satisfies StorageModule<Options>;
    export default module;
    const storage: ModuleStorage = { module: './own.js', options: { url: 'x' }, maxMemory: 2 ** 26, retry: { firstDelay: 5 } };
    new MetricsCollector({ storage: [storage, { module: 'x' }] });
  `;
  t.same(diagnose(t, module('statusText')), []);
  t.match(diagnose(t, module('statusTxt')), [/statusTxt/]);
  t.match(diagnose(t, `import type { StorageModule } from 'ringmeter'; export default {} satisfies StorageModule;`), [
    /store/,
  ]);
});
