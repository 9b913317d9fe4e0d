import { test } from 'tap';
import { MOST_CHARACTERS } from '../../dist/src/alerts/template/allowance.js';
import { createQueryEngine } from '../../dist/src/query/engine.js';
import { MOST_KEPT_BYTES } from '../../dist/src/query/kept.js';
import { checkExpression } from '../../dist/src/query/parse.js';
import { QUERY_LIMITS } from '../../dist/src/query/query-limits.js';
import { AGGREGATIONS, SIGNATURES } from '../../dist/src/query/signatures.js';
import { READING_LIMITS } from '../../dist/src/storages/reading-limits.js';
import { section, table, text } from '../helpers/document';
import { KNOWN_DIFFERENCES } from './known';
import { sourceOf } from './support';

const document = text('docs/query.md');

test('docs/query.md lists exactly the functions and aggregations there are', async (t) => {
  const functions = table(document, '## What is supported').flatMap(([names]) => names.split('` `'));
  t.same(functions.sort(), [...SIGNATURES.keys()].sort());
  const [, listed] = /aggregations ([\s\S]*?), with `by`/.exec(section(document, '## What is supported'))!;
  t.same(listed.match(/\w+/g), [...AGGREGATIONS.keys()].sort(byDocument(listed)));
});

function byDocument(listed: string): (a: string, b: string) => number {
  return (a, b) => listed.indexOf(`\`${a}\``) - listed.indexOf(`\`${b}\``);
}

test('docs/query.md lists exactly the known differences', async (t) => {
  const rows = table(document, '## Differences to Prometheus');
  t.same(rows.map(([name]) => name).sort(), Object.keys(KNOWN_DIFFERENCES).sort());
});

test('docs/query.md says what the limits are', async (t) => {
  const said = section(document, '## What an evaluation may take');
  t.same(
    table(document, '## What an evaluation may take').map(([, most]) => most),
    [
      `${QUERY_LIMITS.timeout / 1_000} s`,
      `${QUERY_LIMITS.maxSamples / 1e6} million`,
      `${QUERY_LIMITS.maxBytes / 2 ** 20} MiB`,
      `${READING_LIMITS.maxSamples / 1e6} million`,
      `${READING_LIMITS.maxBytes / 2 ** 20} MiB`,
      MOST_CHARACTERS.toLocaleString('en').replaceAll(',', ' '),
    ],
  );
  t.match(said, `up to ${MOST_KEPT_BYTES / 2 ** 20} MiB`);
});

test('the queries of docs/query.md can be asked', async (t) => {
  const [, block] = /```\n([\s\S]*?)```/.exec(document)!;
  const queries = block.trim().split('\n');
  t.equal(queries.length, 3);
  const engine = createQueryEngine(sourceOf([]));
  for (const query of queries) {
    checkExpression(query);
    t.same(await engine.instant(query, 0), { type: 'vector', samples: [] });
  }
});
