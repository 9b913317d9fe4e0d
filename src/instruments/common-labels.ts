import { RingmeterError, shown } from '../common/errors';
import { checkOptions } from '../common/options-check';
import { checkLabelName } from './labels';

/**
 * Checks labels that all series are to have, and makes their values texts.
 *
 * @throws RingmeterError RINGMETER_INVALID_OPTION and those of `checkLabelName`
 */
export function checkCommonLabels(option: string, labels: unknown = {}): Record<string, string> {
  const known = checkOptions(option, labels as Record<string, unknown>, Object.keys(labels ?? {}));
  return Object.fromEntries(
    Object.entries(known).map(([name, value]) => {
      // every metric shows these: what a histogram or a summary writes itself cannot be among them
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
