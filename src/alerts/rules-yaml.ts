import { formatDuration } from '../common/duration';
import type { ResolvedGroup, ResolvedRule } from './rules';

/** Groups as a file for Prometheus. */
export function rulesToYaml(groups: readonly ResolvedGroup[]): string {
  // loaded only here: most programs write no such files
  const { stringify } = require('yaml') as typeof import('yaml');
  return stringify({ groups: groups.map(showGroup) }, { lineWidth: 0, aliasDuplicateObjects: false });
}

function showGroup({ name, interval, limit, rules }: ResolvedGroup) {
  return { name, interval: formatDuration(interval), ...(limit > 0 && { limit }), rules: rules.map(showRule) };
}

function showRule({ kind, name, expression, holdFor, keepFiringFor, labels, annotations }: ResolvedRule) {
  return {
    [kind]: name,
    expr: expression,
    ...(holdFor > 0 && { for: formatDuration(holdFor) }),
    ...(keepFiringFor > 0 && { keep_firing_for: formatDuration(keepFiringFor) }),
    ...(hasAny(labels) && { labels }),
    ...(hasAny(annotations) && { annotations }),
  };
}

function hasAny(texts: Readonly<Record<string, string>>): boolean {
  return Object.keys(texts).length > 0;
}
