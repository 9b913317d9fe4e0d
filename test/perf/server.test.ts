import { test } from 'tap';
import { contender as beside, lastLabels } from '../../perf/contenders/scraped-beside';
import { fill, requestMetrics, seriesOfEach } from '../../perf/load/request-metrics';
import { serverSection } from '../../perf/report/serving-sections';
import { Suite } from '../../perf/report/suite';
import type { Series } from '../../perf/runner/results';
import { labelsOf } from '../../perf/workload';

const SERVER = { framework: 'fastify', series: 20_000, rate: 3_000 };

function measured(contender: string, cpuMicroseconds: number, saturated: number): Series {
  const figures = {
    server: { saturated, cpuMicroseconds, p50: 1, p99: 1, p999: 1, max: 1, generatorLate: 1, scrapes: 1 },
  };
  const repetitions = [{ figures, wrong: [] }];
  return { lane: contender, contender, title: contender, node: '20.1.0', parameters: SERVER, repetitions };
}

function sectionOf(series: Series[]): string {
  const machine = { cpu: 'Abacus', cores: 2, memory: 8 * 2 ** 30, platform: 'wood x10' };
  const plan = { scale: 'full' as const, repetitions: 1 };
  const rest = { about: '', machine, plan, measuredAt: '', failures: [], skips: [] };
  const benchmark = 'latency-sensitive-server';
  return serverSection(new Suite(new Map([[benchmark, { benchmark, ...rest, series }]])));
}

test('the report compares with no metrics, and with no metrics that have a scraper beside them', async (t) => {
  const [none, ours] = [measured('none', 10, 80_000), measured('ringmeter', 12, 60_000)];
  const text = sectionOf([none, measured('scraped-beside', 11, 75_000), ours]);
  const same = '1.00 × | 1.00 × | 1.00 × | 1.00 ×';
  t.ok(text.includes(`| scraped-beside / none | ${same} | 0.94 × | 1.10 × |  |  |`), text);
  t.ok(text.includes(`| ringmeter / none | ${same} | 0.75 × | 1.20 × |  |  |`), text);
  t.ok(text.includes(`| ringmeter / scraped-beside | ${same} | 0.80 × | 1.09 × |  |  |`), text);
  const without = sectionOf([none, ours]);
  t.ok(without.includes('| ringmeter / none |'));
  t.notOk(without.includes('/ scraped-beside |'), 'where that was not measured, nothing is compared with it');
});

test('a scraper beside no metrics only takes the labels', async (t) => {
  const library = await beside.open({ series: 10 });
  const metrics = requestMetrics(library);
  await fill(library, metrics, seriesOfEach(30));
  const labels = labelsOf(3);
  for (const metric of metrics) metric.record(labels, 1);
  t.equal(lastLabels, labels);
  t.equal(seriesOfEach(20_000), 6_666);
});
