import { RingmeterError } from '../common/errors';
import type { Storage } from '../delivery/types';
import { loadRules } from './load-rules';
import { checkNotifiers } from './notifier';
import { makeRulePort, type RulePort } from './port';

const DEFAULT_INTERVAL_MS = 60_000;

/**
 * Checks the rules and the notifiers of a collector.
 *
 * @param flushInterval of the collector, in milliseconds
 * @throws RingmeterError RINGMETER_INVALID_OPTION, RINGMETER_INVALID_RULE
 */
export function resolveRules(
  rules: unknown,
  notifiers: unknown,
  flushInterval: number,
  storages: readonly Storage[],
): RulePort {
  const groups = loadRules(rules ?? [], flushInterval || DEFAULT_INTERVAL_MS);
  const checked = checkNotifiers(notifiers);
  if (!storages.some(({ description }) => description.kind === 'memory'))
    throw new RingmeterError(
      'RINGMETER_INVALID_OPTION',
      'rules need a MemoryStorage, because they are evaluated on its history: add one to the option storage',
    );
  return makeRulePort(groups, checked);
}
