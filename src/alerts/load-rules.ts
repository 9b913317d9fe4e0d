import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { messageOf, RingmeterError, shown } from '../common/errors';
import { hasProperty, ownProperties } from '../common/own-properties';
import { checkGroup, invalidRule } from './check-rules';
import type { ResolvedGroup, RuleFile, RuleGroup } from './rules';

/**
 * Checks the `rules` option of a collector: groups, and files of groups, which are read synchronously.
 *
 * @param defaultInterval of groups that have none, in milliseconds
 * @throws RingmeterError RINGMETER_INVALID_OPTION if it is no array; RINGMETER_INVALID_RULE
 */
export function loadRules(rules: unknown, defaultInterval: number): ResolvedGroup[] {
  if (!Array.isArray(rules))
    throw new RingmeterError('RINGMETER_INVALID_OPTION', `rules must be an array, got ${shown(rules)}`);
  const groups = rules.flatMap((one: RuleFile | RuleGroup | null | undefined) =>
    typeof one === 'object' && one !== null && hasProperty(one, 'file')
      ? loadFile(one as RuleFile, defaultInterval)
      : [checkGroup(one, '', defaultInterval)],
  );
  const seen = new Set<string>();
  for (const { file, name } of groups) {
    const key = JSON.stringify([file, name]);
    if (seen.has(key)) invalidRule(file || 'rules', `two groups have the name ${shown(name)}`);
    seen.add(key);
  }
  return groups;
}

function loadFile(given: RuleFile, defaultInterval: number): ResolvedGroup[] {
  const { file, ...rest } = ownProperties(given, ['file', ...Object.keys(given)]);
  if (typeof file !== 'string' || Object.keys(rest).length > 0)
    throw new RingmeterError(
      'RINGMETER_INVALID_OPTION',
      `a rule file must be given as { file: 'path' } without other keys, got file ${shown(file)}`,
    );
  const content = parse(file) as { groups?: unknown } | null | undefined;
  const keys = Object.keys(content ?? {});
  if (typeof content !== 'object' || keys.some((key) => key !== 'groups'))
    invalidRule(
      file,
      `a rule file must have the top-level key groups and no other, got ${keys.join(', ') || shown(content)}`,
    );
  // an empty key is read as ''
  const groups = (keys.length > 0 && content?.groups) || [];
  if (!Array.isArray(groups)) invalidRule(file, `groups must be an array, got ${shown(groups)}`);
  return groups.map((group: unknown) => checkGroup(group, file, defaultInterval));
}

/** Reads every scalar as text: whether it means a number depends on the key under which it stands. */
function parse(file: string): unknown {
  // loaded only here: most programs have no such files
  const { parse } = require('yaml') as typeof import('yaml');
  try {
    return parse(readFileSync(resolve(file), 'utf8'), { schema: 'failsafe', merge: true, prettyErrors: true });
  } catch (error) {
    return invalidRule(file, messageOf(error));
  }
}
