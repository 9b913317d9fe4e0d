import assert from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'tap';
import type { Metric } from '../../dist/src/exposition/metrics.js';
import { decodeScrape } from '../../dist/src/scrape/decode.js';
import type { ScrapedFamily } from '../../dist/src/scrape/types.js';
import { ANY_CHARACTER } from '../helpers/any-character';
import { collectorFor, SEED } from '../instruments/support';

const word = fc.stringMatching(/^[a-z]{1,8}$/);
const hostile = fc.oneof(
  fc.string({ unit: ANY_CHARACTER, maxLength: 12 }),
  fc.constantFrom('', '"', '\\', '\n', '\r', '\0', '\\n', '"} 1\nx 2', '# EOF', '\u2028', '🚀', 'a,b="c"'),
);
const labels = fc.dictionary(word, hostile, { maxKeys: 3 });
const value = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer(),
  fc.constantFrom(0, 1e21, 1e-9, 0.1),
);
const record = fc.record({ kind: fc.constantFrom('counter', 'gauge', 'histogram', 'summary'), labels, value });

/** What is read, in the terms of `getAllMetrics`: every line by its name and labels. */
function linesRead(families: readonly ScrapedFamily[]): Record<string, number> {
  const lines: Record<string, number> = {};
  for (const { samples } of families)
    for (const { name, labels, value } of samples) lines[key(name, Object.fromEntries(labels))] = value;
  return lines;
}

function linesOf(metrics: readonly Metric[]): Record<string, number> {
  const lines: Record<string, number> = {};
  for (const { name, labels, value, sum, buckets, quantiles } of metrics) {
    if (sum === undefined) lines[key(name, labels)] = value;
    else Object.assign(lines, { [key(`${name}_sum`, labels)]: sum, [key(`${name}_count`, labels)]: value });
    for (const { le, count } of buckets ?? []) lines[key(`${name}_bucket`, { ...labels, le })] = count;
    for (const each of quantiles ?? []) lines[key(name, { ...labels, quantile: String(each.quantile) })] = each.value;
  }
  return lines;
}

function key(name: string, labels: Record<string, string>): string {
  return `${name} ${JSON.stringify(Object.entries(labels).sort())}`;
}

test(`a rendered exposition is read back unchanged (RINGMETER_SEED=${SEED})`, async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 25 }), hostile, async (records, description) => {
      const collector = collectorFor(t, { maxMemory: 2 ** 23 });
      const options = { description };
      for (const { kind, labels, value } of records) {
        if (kind === 'counter') collector.counter('c_total', options).increment(Math.abs(value), labels);
        else if (kind === 'gauge') collector.gauge('g', options).set(value, labels);
        else if (kind === 'histogram')
          collector.histogram('h', { ...options, buckets: [-1, 0.1, 5] }).observe(value, labels);
        else collector.summary('s', options).observe(value, labels);
      }
      const { body, contentType } = await collector.exposition();
      const metrics = await collector.getAllMetrics();
      const { families, notes, format } = decodeScrape(body, contentType);
      assert.equal(format, 'prometheus');
      assert.deepEqual(notes, []);
      const read = linesRead(families);
      const expected = linesOf(metrics);
      // -0 is written as -0, which is 0
      for (const name of Object.keys(expected))
        if (!Object.is(read[name] + 0, expected[name] + 0)) assert.equal(read[name], expected[name], name);
      for (const { name, type, description } of metrics) {
        const family = families.find((each) => each.name === name);
        assert.equal(family?.type, type);
        assert.equal(family?.help ?? '', description);
      }
      await collector.close();
    }),
    { seed: SEED, numRuns: 60 },
  );
});
