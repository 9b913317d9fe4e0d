import type { Slo } from './slo';
import type { SloOptions } from './slo-options';

/**
 * Makes the rules of a service level objective: error ratios over several windows, what is left of the error budget, and
 * alerts for when it is spent too fast, with several windows and burn rates.
 *
 * @throws RingmeterError RINGMETER_INVALID_OPTION; RINGMETER_INVALID_RULE if its PromQL, its labels or its templates are wrong
 */
export function defineSlo(options: SloOptions): Slo {
  // loaded only here: it brings PromQL with it
  const { makeSlo } = require('./slo') as typeof import('./slo');
  return makeSlo(options);
}
