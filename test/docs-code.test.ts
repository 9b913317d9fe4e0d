import { test } from 'tap';
import { code, codes, diagnose, text } from './helpers/document';

// To compile anything takes seconds, and more of it next to nothing: the code of all pages is compiled here, as one program.

const README = text('README.md');
/** Whose blocks stand on their own. */
const PAGES = [
  'buckets',
  'cardinality',
  'collect-time',
  'cost',
  'dashboard',
  'endpoint',
  'functions',
  'http',
  'labels',
  'lint',
  'naming',
  'process-metrics',
  'shutdown',
  'storage-prometheus',
  'threads',
];
/** How many blocks the pages have that must not lose any. */
const COUNTS: Readonly<Record<string, number>> = { dashboard: 4, http: 5 };

test('the code of the pages compiles, with the types of the frameworks', async (t) => {
  const blocks = PAGES.flatMap((page) => {
    const found = codes(text(`docs/${page}.md`));
    if (page in COUNTS) t.equal(found.length, COUNTS[page], `blocks of docs/${page}.md`);
    return found.map((code, index) => ({ name: `docs/${page}.md, block ${index + 1}`, code }));
  });
  const found = diagnose(t, ...blocks.map(({ code }) => code));
  for (const [index, { name }] of blocks.entries()) t.same(found[index], [], name);
});

test('the code of the README compiles', async (t) => {
  const preamble = `import { MetricsCollector, recordCounter } from 'ringmeter';\nconst collector = new MetricsCollector();\n`;
  const imports = `
    import { AlertmanagerNotifier, expressMetrics, fastifyMetrics, instrumentServer, instrumentUndici, MetricsCollector }
      from 'ringmeter';
    import { fastify } from 'fastify';
    export const others = [expressMetrics, instrumentServer];
    const collector = new MetricsCollector();
    const pool = { idle: 3 };
    export { fastify, fastifyMetrics, instrumentUndici, AlertmanagerNotifier, pool, collector };
  `;
  const sources = {
    '## Quick start': '',
    '## Recording and reading': preamble,
    '## Built-in instrumentation': imports,
    '## Querying': imports,
    '## Alerts and dashboard': imports,
  };
  const found = diagnose(t, ...Object.entries(sources).map(([heading, before]) => before + code(README, heading)));
  for (const [index, heading] of Object.keys(sources).entries()) t.same(found[index], [], heading);
});

test('the code of docs/storages.md, docs/alerts.md and docs/slo.md compiles', async (t) => {
  const storages = text('docs/storages.md');
  // a heading is found by the line before it
  const [alerts, slo] = [`\n${text('docs/alerts.md')}`, `\n${text('docs/slo.md')}`];
  const made = `import { MetricsCollector } from 'ringmeter';\nconst collector = new MetricsCollector();\n`;
  const rules = code(alerts, '# Alerts: rules evaluated in the process');
  const found = diagnose(
    t,
    code(storages, '## Writing your own'),
    code(storages, '## Choose'),
    made + code(storages, '## When a storage is down'),
    rules,
    rules + code(alerts, '## Silence'),
    code(slo, '# Service level objectives'),
  );
  t.same(found, [[], [], [], [], [], []]);
});

test('a correctly typed storage module compiles, and a wrong one does not', async (t) => {
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
  const misfit = `import type { StorageModule } from 'ringmeter'; export default {} satisfies StorageModule;`;
  const [fits, ...wrong] = diagnose(t, module('statusText'), module('statusTxt'), misfit);
  t.same(fits, []);
  t.match(wrong, [[/statusTxt/], [/store/]]);
});
