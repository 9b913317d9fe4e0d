import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { stringify } from 'yaml';
import { program, type Verdict } from '../engines/engine';
import { type Evaluator, type GivenSeries, show } from './support';

/** What we say of one moment, for Prometheus to say the same. */
interface Moment {
  readonly time: number;
  /** By alert name. */
  readonly alerts: Record<string, { exp_labels: object; exp_annotations: object }[]>;
  readonly samples: { expr: string; exp_samples: { labels: string; value: number }[] }[];
}

/** Notes what we say at a moment: the alerts that fire, and the samples that expressions give. */
export async function note(evaluator: Evaluator, time: number, expressions: readonly string[]): Promise<Moment> {
  const alerts: Moment['alerts'] = {};
  for (const { labels, annotations, state } of evaluator.state.rules.flatMap(({ alerts }) => alerts)) {
    const { alertname, ...others } = labels;
    if (state !== 'firing') continue;
    alerts[alertname] = [...(alerts[alertname] ?? []), { exp_labels: others, exp_annotations: annotations }];
  }
  const samples = await Promise.all(
    expressions.map(async (expr) => {
      const result = await evaluator.engine.instant(expr, time);
      if (result.type !== 'vector') throw new Error(`${expr} gives a ${result.type}`);
      return { expr, exp_samples: result.samples.map(({ labels, value }) => ({ labels: show(labels), value })) };
    }),
  );
  return { time, alerts, samples };
}

/**
 * Lets `promtool test rules` evaluate the same rules on the same samples, and compare with what we said at every moment.
 * Its clock begins at 0.
 *
 * @param names of all alerts: what does not fire is compared too
 */
export async function promtoolAgrees(
  t: Test,
  rules: string,
  given: { series: GivenSeries; values: readonly string[] },
  step: string,
  names: readonly string[],
  moments: readonly Moment[],
): Promise<Verdict> {
  const folder = await mkdtemp(join(tmpdir(), 'ringmeter-promtool-'));
  t.teardown(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'rules.yml'), rules);
  const test = {
    rule_files: ['rules.yml'],
    evaluation_interval: step,
    tests: [
      {
        interval: step,
        input_series: given.series.series.map(({ labels }, at) => ({ series: show(labels), values: given.values[at] })),
        alert_rule_test: moments.flatMap(({ time, alerts }) =>
          names.map((alertname) => ({ eval_time: `${time}ms`, alertname, exp_alerts: alerts[alertname] ?? [] })),
        ),
        promql_expr_test: moments.flatMap(({ time, samples }) =>
          samples.map((sample) => ({ ...sample, eval_time: `${time}ms` })),
        ),
      },
    ],
  };
  const file = join(folder, 'test.yml');
  await writeFile(file, stringify(test, { aliasDuplicateObjects: false, lineWidth: 0 }));
  return new Promise((resolve, reject) => {
    execFile(program('promtool'), ['test', 'rules', file], { timeout: 60_000 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code;
      if (typeof code === 'number') resolve({ code, output: stdout + stderr });
      else reject(error);
    });
  });
}
