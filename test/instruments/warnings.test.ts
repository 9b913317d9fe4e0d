import { test } from 'tap';
import { collectorFor } from './support';

/** Every RingmeterWarning of this process, in the order in which they came. Warnings are given once per metric and reason. */
const warnings: { name: string; code?: string; message: string }[] = [];
process.on('warning', (warning) => warnings.push(warning));

test('bad records warn once per metric and reason, say what was wrong with the first, and are counted in stats()', async (t) => {
  const collector = collectorFor(t);
  const counter = collector.counter('requests_total');
  for (let index = 0; index < 50; index++) {
    counter.increment(-index - 1);
    counter.increment(1, { 'not a name': 1 });
    collector.gauge('g').set(Number.NaN);
  }
  await new Promise((resolve) => setImmediate(resolve));
  t.equal(warnings.length, 3, 'the value and the labels of one metric, the value of the other');
  const [{ name, code, message }] = warnings;
  t.equal(name, 'RingmeterWarning');
  t.equal(code, 'RINGMETER_INVALID_RECORD');
  t.match(message, /requests_total.*finite numbers >= 0.*got -1/);
  t.equal(collector.stats().invalid, 150);
});

test('a call with labels in place of the value is warned that the value comes first', async (t) => {
  const collector = collectorFor(t);
  const labelNames = ['method'] as const;
  const labels = { method: 'GET' } as never;
  warnings.length = 0;
  collector.counter('free_total').inc(labels);
  collector.counter('fixed_total', { labelNames }).inc(labels);
  collector.gauge('gauge', { labelNames }).set(labels, 3 as never);
  collector.histogram('histogram', { labelNames }).observe(labels, 3 as never);
  collector.summary('summary').observe(labels);
  await new Promise((resolve) => setImmediate(resolve));
  t.equal(warnings.length, 5);
  for (const { message } of warnings) t.match(message, /got object: the value comes first, then the labels$/);
  t.equal(collector.stats().invalid, 5);
});
