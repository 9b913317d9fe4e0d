import { RingmeterError, shown } from '../common/errors';
import { checkOptions } from '../common/options-check';
import { checkLabelName } from './labels';

/**
 * Checks labels that all series get, and converts their values to strings.
 *
 * @throws RingmeterError RINGMETER_INVALID_OPTION and those of `checkLabelName`
 */
export function checkCommonLabels(option: string, labels: unknown = {}): Record<string, string> {
  const known = checkOptions(option, labels as Record<string, unknown>, Object.keys(labels ?? {}));
  return Object.fromEntries(
    Object.entries(known).map(([name, value]) => {
      // all metrics show these labels: the names that histograms and summaries reserve are refused
      for (const reserved of ['le', 'quantile']) checkLabelName(name, reserved);
      if (!['string', 'number', 'boolean'].includes(typeof value))
        throw new RingmeterError(
          'RINGMETER_INVALID_OPTION',
          `${option}.${name} must be a string, number or boolean, got ${shown(value)}`,
        );
      return [name, String(value)];
    }),
  );
}
