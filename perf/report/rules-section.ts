import type { RulesCase } from '../benchmarks/rules';
import { casesOf, cell } from './columns';
import { plural, table } from './format';
import type { Suite } from './suite';

const RULES = 'rules';

const COLUMNS = [
  ['gap of the serving thread, ms', 'gapMs'],
  ['of it, not waiting for a processor', 'ownGapMs'],
  ['cores of the workers', 'coresOfWorkers'],
  ['one evaluation, ms', 'evaluationMs'],
  ['the same in Prometheus, ms', 'prometheusMs'],
] as const;

export function rulesSection(suite: Suite): string {
  const rows = casesOf<RulesCase>(suite, RULES).map((parameters) => [
    `${plural(parameters.rules, 'rule')}, ${plural(parameters.series, 'counter')}`,
    ...COLUMNS.map(([, column]) =>
      cell(suite, { benchmark: RULES, contender: 'ringmeter', parameters, row: 'rules', column }),
    ),
  ]);
  return [
    'Rules evaluated each second over a history that is stored each second, half of them alerts, each over a hundredth of the',
    'series; a row without rules says what the rest costs. Gaps are medians of the longest of each second. Prometheus scrapes',
    'the same process and evaluates the same rules.',
    '',
    table([['', ...COLUMNS.map(([heading]) => heading)], ...rows]),
  ].join('\n');
}
