import { checkGroup } from '../check-rules';
import type { RuleGroup } from '../rules';
import { rulesToYaml } from '../rules-yaml';
import { resolveSlo, type SloOptions } from './slo-options';
import { sloGroup } from './slo-rules';
import { type Queryable, summarize } from './summary';

/** An objective, as rules for this library or for a Prometheus. */
export interface Slo {
  /** For the option `rules` of a collector. */
  readonly groups: readonly RuleGroup[];
  /** The same as a file for Prometheus. */
  toYaml(): string;
  /** The present status as readable text. @throws what `collector.query` throws */
  summary(collector: Queryable): Promise<string>;
}

/** @throws RingmeterError RINGMETER_INVALID_OPTION; RINGMETER_INVALID_RULE */
export function makeSlo(options: SloOptions): Slo {
  const slo = resolveSlo(options);
  const groups = [sloGroup(slo)];
  const checked = groups.map((group) => checkGroup(group, '', slo.interval));
  return { groups, toYaml: () => rulesToYaml(checked), summary: (collector) => summarize(slo, collector) };
}
