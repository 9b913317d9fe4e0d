import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { MetricsCollector } from 'ringmeter';
import { test } from 'tap';
import { collectorFor, SEED, samplesOf } from '../instruments/support';

const PRIMES = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37];
const METRICS = ['counter', 'gauge', 'histogram', 'summary'];
const LINE = /^(counter|gauge|histogram|summary)(?:_(sum|count))?\{n="(\d+)"\}$/;

const start = (file: string, workerData: object): Worker =>
  new Worker(join(__dirname, '../fixtures', file), { workerData, execArgv: ['--no-warnings'] });

/** What a scrape shows that cannot have been recorded for the label set it stands under. */
async function impossible(collector: MetricsCollector): Promise<string[]> {
  const samples = await samplesOf(collector);
  const problems: string[] = [];
  for (const [line, value] of samples) {
    const [, metric, suffix, n] = LINE.exec(line) ?? [];
    if (metric === undefined || suffix === 'count') continue;
    const prime = PRIMES[Number(n)];
    if (value < 0 || value % prime !== 0) problems.push(`${line} ${value} is no multiple of ${prime}`);
    const count = samples.get(`${metric}_count{n="${n}"}`);
    if (suffix === 'sum' && value !== count! * prime) problems.push(`${line} ${value} of ${count} observations`);
  }
  return problems;
}

interface Ended {
  ended: Map<string, number[]>;
  lives: number;
}

for (const [name, options, ttl] of [
  ['with rings that are long enough', { flushWorkers: 2 }, undefined],
  ['with rings that overflow', { flushWorkers: 1, ringCapacity: 64 }, undefined],
  ['with a ttl', { flushWorkers: 2 }, 0.02],
] as const)
  test(`threads record while others remove and reset, ${name} (RINGMETER_SEED=${SEED})`, async (t) => {
    // every record in one life of its own series     allowed
    // in none, or in two                              FORBIDDEN
    // in a life of another series                     FORBIDDEN
    const collector = collectorFor(t, { ...options, storage: [] });
    const { handle } = collector;
    const common = { handle, primes: PRIMES, records: 60_000, ttl };
    const recorders = [1, 2, 3].map((thread) => start('lives-recorder.cjs', { ...common, seed: SEED + thread }));
    const enders = [4, 5].map((thread) => start('lives-ender.cjs', { arena: handle.arena, seed: SEED + thread }));
    const counted = Promise.all(recorders.map(async (worker) => (await once(worker, 'message'))[0] as Float64Array[]));
    let recording = true;
    const scraping = (async () => {
      let scrapes = 0;
      const problems: string[] = [];
      for (; recording && problems.length === 0; scrapes++) problems.push(...(await impossible(collector)));
      return { scrapes, problems };
    })();
    const counts = await counted;
    recording = false;
    const { scrapes, problems } = await scraping;
    t.same(problems, [], `in ${scrapes} scrapes`);
    const ends = await Promise.all(
      enders.map(async (worker) => {
        worker.postMessage('stop');
        return (await once(worker, 'message'))[0] as Ended;
      }),
    );
    t.ok(
      ends.every(({ lives }) => lives > 0),
      `${ends.map(({ lives }) => lives)} lives were ended`,
    );
    // what a ttl ends is not told; but then nothing may be left over
    if (ttl === undefined) t.same(differences(await samplesOf(collector), counts, ends), []);
    t.same(await impossible(collector), []);
    const { recorded, folded, pending, dropped, invalid } = collector.stats();
    t.same([recorded, folded, pending, dropped + invalid], [180_000, 180_000, 0, 0]);
    await Promise.all([...recorders, ...enders].map((worker) => worker.terminate()));
  });

/** Where the lives of a label set do not come to what was recorded for it. */
function differences(samples: Map<string, number>, counts: Float64Array[][], ends: Ended[]): string[] {
  const problems: string[] = [];
  METRICS.forEach((metric, index) => {
    PRIMES.forEach((prime, n) => {
      const times = counts.reduce((sum, own) => sum + own[index][n], 0);
      const value = metric === 'counter' || metric === 'gauge';
      const shown = samples.get(value ? `${metric}{n="${n}"}` : `${metric}_sum{n="${n}"}`) ?? 0;
      const sumColumn = metric === 'summary' ? 1 : 0;
      const before = ends.reduce((sum, { ended }) => sum + (ended.get(`${metric} ${n}`)?.[sumColumn] ?? 0), 0);
      if (before + shown !== times * prime)
        problems.push(`${metric} ${n}: ${times} times ${prime} were recorded, lives have ${before} and ${shown}`);
    });
  });
  return problems;
}
