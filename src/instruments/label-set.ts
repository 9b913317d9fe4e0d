import { shown } from '../common/errors';
import type { LabelPairs } from '../kinds/definition';
import { type LabelValue, toPairs } from '../registry/label-pairs';
import { type LabelProblem, type LabelRules, labelNameProblem, MAX_LABELS_LENGTH } from './labels';

/** Names for which the pairs are not in order yet. */
const UNARRANGED = -1;

/**
 * A caller's label object, checked and copied. It is read into again and again: what a record with labels that have no
 * series costs must not be garbage. Names that stand where they stood last time are neither checked nor sorted again.
 */
export class LabelSet {
  /** Names and values in the order of the caller's object. Entries from `size` on mean nothing. */
  readonly names: string[] = [];
  readonly values: LabelValue[] = [];
  size = 0;
  /** The same as the registry takes them: sorted texts, with the default labels. Good until the next `read`. */
  pairs: LabelPairs = [];
  /** The pair of each name. */
  private readonly own: [name: string, value: string][] = [];
  /** How many of the names the pairs are for. */
  private arranged = UNARRANGED;

  constructor(
    private readonly rules: LabelRules,
    private readonly defaults: LabelPairs,
  ) {}

  /**
   * Reads every value once, since a getter may give another one next time. Throws what a getter throws, and can be used
   * again after that.
   *
   * @returns what is wrong; the set means nothing then
   */
  read(labels: unknown): LabelProblem | undefined {
    if (typeof labels !== 'object' || labels === null || Array.isArray(labels))
      return invalid(`labels must be an object of names and values, got ${shown(labels)}`);
    let size = 0;
    let length = 0;
    for (const name in labels) {
      // somebody's addition to all objects is no label
      if (!Object.hasOwn(labels, name) && Object.hasOwn(Object.prototype, name)) continue;
      const value: unknown = (labels as Record<string, unknown>)[name];
      const problem = name === this.names[size] ? undefined : this.rename(size, name);
      if (problem !== undefined) return problem;
      if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')
        return invalid(`label ${name} must be a string, number or boolean, got ${shown(value)}`);
      const text = typeof value === 'string' ? value : String(value);
      length += name.length + text.length;
      if (length > MAX_LABELS_LENGTH)
        return invalid(`labels must be at most ${MAX_LABELS_LENGTH} characters long together`);
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
    // all that are there are in `names`, and none twice
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
