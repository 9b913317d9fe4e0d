import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MetricsCollector, RuleGroup } from 'ringmeter';
import type { Contender } from '../contenders/contender';
import { RulingPrometheus } from '../load/ruling-prometheus';
import { type Gap, GapWatch } from '../measure/gaps';
import { median } from '../measure/statistics';
import { mainThreadCpu } from '../measure/thread-cpu';
import type { Benchmark, Case, Outcome, Scale, Turn } from '../runner/benchmark';

/** What rules cost that are evaluated each second, beside a Prometheus that evaluates the same over the same metrics. */
export const benchmark: Benchmark<RulesCase> = {
  name: 'rules',
  about: 'rules evaluated each second: gap of the serving event loop, processor time, time of one evaluation',
  cases,
  perform,
};

export type RulesCase = { rules: number; series: number };

/** Without rules: what the rest costs. */
const RULES = { full: [0, 100], quick: [100] };

const SECONDS = { full: 20, quick: 4 };
/** Until the histories are as long as the ranges of the rules, and everything is compiled. */
const WARM_UP_SECONDS = { full: 35, quick: 7 };
const METRICS = 100;
const ZONES = 5;
const RANGE = { full: '30s', quick: '5s' };

function cases(contender: string, scale: Scale): Case<RulesCase>[] {
  if (contender !== 'ringmeter') return [];
  const seconds = SECONDS[scale] + WARM_UP_SECONDS[scale] + 2;
  return RULES[scale].map((rules) => ({ parameters: { rules, series: 10_000 }, seconds }));
}

async function perform(_: () => Contender, { rules, series }: RulesCase, { scale }: Turn): Promise<Outcome> {
  const { MetricsCollector, MemoryStorage } = require('ringmeter') as typeof import('ringmeter');
  const group = groupOf(rules, RANGE[scale]);
  const storage = new MemoryStorage({ maxAge: 300 });
  const collector = new MetricsCollector({ flushInterval: 1_000, storage, rules: [group] });
  const recording = record(collector, series);
  const directory = mkdtempSync(join(tmpdir(), 'ringmeter-perf-'));
  const server = await collector.listen({ port: 0 });
  const prometheus = rules === 0 ? undefined : await RulingPrometheus.start(directory, server.port, group);
  try {
    await sleep(WARM_UP_SECONDS[scale] * 1_000);
    const seconds = SECONDS[scale];
    const before = { evaluation: await evaluationOf(collector), peer: await prometheus?.evaluation() };
    const { gaps, workersCpu, servingCpu } = await watch(seconds);
    const after = { evaluation: await evaluationOf(collector), peer: await prometheus?.evaluation() };
    const figures = {
      rules: {
        gapMs: median(gaps.map(({ ms }) => ms)),
        ownGapMs: median(gaps.map(({ ownMs }) => ownMs)),
        coresOfServingThread: servingCpu / seconds,
        coresOfWorkers: workersCpu / seconds,
        evaluationMs: mean(before.evaluation, after.evaluation),
        prometheusMs: before.peer === undefined ? null : mean(before.peer, after.peer!),
      },
    };
    return {
      figures,
      wrong: await wrongIn(collector, rules, after.evaluation.count - before.evaluation.count, seconds),
    };
  } finally {
    clearInterval(recording);
    prometheus?.stop();
    await collector.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

interface Watched {
  /** Of each second the longest. */
  gaps: Gap[];
  /** Seconds of processor time: of this thread, and of all others of the process. */
  servingCpu: number;
  workersCpu: number;
}

async function watch(seconds: number): Promise<Watched> {
  const gaps: Gap[] = [];
  const serving = mainThreadCpu();
  const before = process.cpuUsage();
  const gapWatch = new GapWatch();
  for (let second = 0; second < seconds; second++) {
    await sleep(1_000);
    gaps.push(gapWatch.take());
  }
  gapWatch.end();
  const { user, system } = process.cpuUsage(before);
  const servingCpu = (mainThreadCpu() - serving) / 1e3;
  return { gaps, servingCpu, workersCpu: (user + system) / 1e6 - servingCpu };
}

/** Half of them record, half are alerts; each over a hundredth of the series. */
function groupOf(rules: number, range: string): RuleGroup {
  const all = Array.from({ length: rules }, (_, index) => {
    const rate = `sum by (zone) (rate(requests_${index % METRICS}_total[${range}]))`;
    return index % 2 === 0
      ? { record: `zone:requests_${index}:rate`, expr: rate }
      : {
          alert: `Busy${index}`,
          expr: `${rate} > 1e9 or max by (zone) (requests_${index % METRICS}_total) < 0`,
          for: '1m',
          annotations: { summary: '{{ $labels.zone }} has {{ $value | humanize }}' },
        };
  });
  return { name: 'all', interval: '1s', rules: all };
}

/** Lets every series grow, a hundredth of them every 10 ms. */
function record(collector: MetricsCollector, series: number): NodeJS.Timeout {
  const metrics = Array.from({ length: METRICS }, (_, index) => {
    const counter = collector.counter(`requests_${index}_total`, { labelNames: ['zone', 'instance'] });
    return Array.from({ length: series / METRICS }, (_, one) => counter.labels({ zone: one % ZONES, instance: one }));
  });
  let next = 0;
  return setInterval(() => {
    for (const handle of metrics[next]) handle.increment(next + 1);
    next = (next + 1) % METRICS;
  }, 10);
}

interface Evaluations {
  /** Seconds. */
  readonly sum: number;
  readonly count: number;
}

async function evaluationOf(collector: MetricsCollector): Promise<Evaluations> {
  const text = Buffer.from((await collector.exposition({ names: NAMES })).body).toString();
  const read = (name: string): number => Number(new RegExp(`^${name}\\{.*\\} (.*)$`, 'm').exec(text)?.[1]);
  const [sum, count] = NAMES.map(read);
  return { sum, count };
}

const NAMES = ['ringmeter_rule_evaluation_seconds_total', 'ringmeter_rule_evaluations_total'];

/** Milliseconds of one evaluation of all rules. */
function mean(before: Evaluations, after: Evaluations): number {
  return ((after.sum - before.sum) / (after.count - before.count)) * 1_000;
}

/** Every step must have been evaluated, and what is recorded be there: five zones of each. */
async function wrongIn(
  collector: MetricsCollector,
  rules: number,
  evaluations: number,
  seconds: number,
): Promise<string[]> {
  if (rules === 0) return [];
  const wrong: string[] = [];
  if (evaluations < seconds * 0.9) wrong.push(`${evaluations} evaluations in ${seconds} seconds`);
  const result = await collector.query('count({__name__=~"zone:.+"} > 0)');
  const recorded = result.type === 'vector' ? result.samples[0]?.value : undefined;
  if (recorded !== (ZONES * rules) / 2) wrong.push(`${recorded} series recorded by ${rules} rules`);
  return wrong;
}
