import type { Arena } from '../arena/arena';
import type { Channel } from '../delivery/channel';
import { total } from '../delivery/metrics';
import type { CallbackValue } from '../snapshot/collect';
import { type OwnMetric, registerOwnMetrics } from '../snapshot/own-metrics';
import type { GroupCount, RuleBoard } from './rule-board';
import type { ResolvedGroup } from './rules';

/** A group, by its number on the board. */
interface BoardGroup {
  readonly board: RuleBoard;
  readonly number: number;
}

const counted =
  (what: GroupCount) =>
  ({ board, number }: BoardGroup) =>
    board.counted(number, what);

const GROUP_METRICS: readonly OwnMetric<BoardGroup>[] = [
  ['ringmeter_rule_evaluations_total', 'counter', 'Evaluations of a group of rules.', counted('evaluations')],
  ['ringmeter_rule_failures_total', 'counter', 'Rule evaluations that failed.', counted('failures')],
  ['ringmeter_rule_missed_total', 'counter', 'Scheduled evaluations that were skipped.', counted('missed')],
  ['ringmeter_rule_evaluation_seconds_total', 'counter', 'Time spent on evaluations.', counted('seconds')],
  ['ringmeter_rule_last_duration_seconds', 'gauge', 'Duration of the last evaluation.', counted('lastSeconds')],
  [
    'ringmeter_rule_last_evaluation_timestamp_seconds',
    'gauge',
    'Unix time of the last evaluation; 0 = never.',
    ({ board, number }) => board.lastStep(number) / 1000,
  ],
];

const NOTIFIER_METRICS: readonly OwnMetric<Channel>[] = [
  ['ringmeter_notifications_sent_total', 'counter', 'Notifications that were delivered.', total('stored')],
  [
    'ringmeter_notifications_failures_total',
    'counter',
    'Failed attempts to deliver a notification.',
    total('failures'),
  ],
  ['ringmeter_notifications_retries_total', 'counter', 'Attempts that repeated a failed one.', total('retries')],
  [
    'ringmeter_notifications_dropped_total',
    'counter',
    'Notifications dropped because they were too old or the queue was full.',
    total('dropped'),
  ],
  [
    'ringmeter_notifications_rejected_total',
    'counter',
    'Notifications that the receiver refused permanently.',
    total('rejected'),
  ],
  ['ringmeter_notifications_queued', 'gauge', 'Notifications in the queue.', ({ queue }) => queue.waiting],
];

/** Registers the metrics about the evaluation of rules and the sending of notifications. */
export function registerRuleMetrics(
  arena: Arena,
  board: RuleBoard,
  groups: readonly ResolvedGroup[],
  notifiers: readonly { name: string; channel: Channel }[],
): CallbackValue[] {
  const ofGroups = groups.map(({ file, name }, number) => ({
    name: file === '' ? name : `${file};${name}`,
    part: { board, number },
  }));
  const ofNotifiers = notifiers.map(({ name, channel }) => ({ name, part: channel }));
  return [
    ...registerOwnMetrics(arena, 'rule_group', GROUP_METRICS, ofGroups),
    ...registerOwnMetrics(arena, 'notifier', NOTIFIER_METRICS, ofNotifiers),
  ];
}
