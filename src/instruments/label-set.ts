import { shown } from '../common/errors';
import type { LabelPairs } from '../kinds/definition';
import { type LabelValue, toPairs } from '../registry/label-pairs';
import { type LabelProblem, type LabelRules, labelNameProblem, MAX_LABELS_LENGTH } from './labels';

/** Value of `arranged` while the pairs are not sorted for the present names. */
const UNARRANGED = -1;

/**
 * A caller's label object, checked and copied. The object is reused for each read, so that a record with labels that
 * have no series allocates nothing. Names at the same index as in the last read are neither checked nor sorted again.
 */
export class LabelSet {
  /** Names and values in the order of the caller's object. Entries from `size` on are unused. */
  readonly names: string[] = [];
  readonly values: LabelValue[] = [];
  size = 0;
  /** The same in the registry's form: sorted strings, with the default labels. Valid until the next `read`. */
  pairs: LabelPairs = [];
  /** The pair of each name. */
  private readonly own: [name: string, value: string][] = [];
  /** Number of names that the pairs are sorted for. */
  private arranged = UNARRANGED;

  constructor(
    private readonly rules: LabelRules,
    private readonly defaults: LabelPairs,
  ) {}

  /**
   * Reads every value only once, since a getter may return a different value next time. If a getter throws, its error
   * is passed on, and the object can be used again.
   *
   * @returns the problem, if any; the contents are invalid then
   */
  read(labels: unknown): LabelProblem | undefined {
    if (typeof labels !== 'object' || labels === null || Array.isArray(labels))
      return invalid(`labels must be an object of names and values, got ${shown(labels)}`);
    let size = 0;
    let length = 0;
    for (const name in labels) {
      // an enumerable property that somebody added to Object.prototype is not a label
      if (!Object.hasOwn(labels, name) && Object.hasOwn(Object.prototype, name)) continue;
      const value: unknown = (labels as Record<string, unknown>)[name];
      const problem = name === this.names[size] ? undefined : this.rename(size, name);
      if (problem !== undefined) return problem;
      if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')
        return invalid(`label ${name} must be a string, number or boolean, got ${shown(value)}`);
      const text = typeof value === 'string' ? value : String(value);
      length += name.length + text.length;
      if (length > MAX_LABELS_LENGTH)
        return invalid(`the names and values of all labels must have at most ${MAX_LABELS_LENGTH} characters together`);
      this.values[size] = value;
      this.own[size][1] = text;
      size++;
    }
    this.size = size;
    return size === this.arranged ? undefined : this.arrange();
  }

  private rename(index: number, name: string): LabelProblem | undefined {
    const { names, reserved } = this.rules;
    if (names !== null && !names.has(name))
      return invalid(`unknown label ${shown(name)}; this metric has ${[...names].join(', ') || 'no labels'}`);
    const problem = names === null ? labelNameProblem(name, reserved) : undefined;
    if (problem !== undefined) return problem;
    this.names[index] = name;
    this.own[index] = [name, ''];
    this.arranged = UNARRANGED;
    return undefined;
  }

  private arrange(): LabelProblem | undefined {
    this.arranged = UNARRANGED;
    const { names } = this.rules;
    const own = this.own.slice(0, this.size);
    // all present labels are in `names`, and none occurs twice: so fewer labels than names means that one is missing
    if (names !== null && own.length < names.size) {
      const missing = [...names].find((name) => !own.some(([present]) => present === name));
      return invalid(`label ${missing} is missing`);
    }
    this.pairs = toPairs(own, this.defaults);
    this.arranged = this.size;
    return undefined;
  }
}

function invalid(message: string): LabelProblem {
  return { code: 'RINGMETER_INVALID_LABELS', message };
}
