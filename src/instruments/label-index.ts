import type { LabelValue } from '../aggregate/label-pairs';
import type { LabelSet } from './label-set';

/** A node of the index: what follows after some labels of a set. */
class Step<S> {
  series: S | undefined;
  /** Continuations by the name of the next label, in the order in which callers' objects happened to have them. */
  branch: Branch<S> | undefined;
}

/**
 * The values of one label. The first four are fields: comparing a string with the very same string is one instruction,
 * where a Map hashes and probes. A record with three labels takes 34 ns with them and 55 without (perf, "label object").
 */
class Branch<S> {
  private value0: unknown;
  private value1: unknown;
  private value2: unknown;
  private value3: unknown;
  private step0: Step<S> | undefined;
  private step1: Step<S> | undefined;
  private step2: Step<S> | undefined;
  private step3: Step<S> | undefined;
  private more: Map<unknown, Step<S>> | undefined;

  /** The next of the few branches that a step keeps in a list. */
  other: Branch<S> | undefined;
  /** In the first of the list: the branches beyond those. */
  rest: Map<string, Branch<S>> | undefined;

  constructor(readonly name: string) {}

  get(value: unknown): Step<S> | undefined {
    if (value === this.value0) return this.step0;
    if (value === this.value1) return this.step1;
    if (value === this.value2) return this.step2;
    if (value === this.value3) return this.step3;
    return this.more?.get(value);
  }

  add(value: unknown): Step<S> {
    const step = new Step<S>();
    // NaN equals nothing, not even in a field
    if (this.step0 === undefined && !Number.isNaN(value)) [this.value0, this.step0] = [value, step];
    else if (this.step1 === undefined && !Number.isNaN(value)) [this.value1, this.step1] = [value, step];
    else if (this.step2 === undefined && !Number.isNaN(value)) [this.value2, this.step2] = [value, step];
    else if (this.step3 === undefined && !Number.isNaN(value)) [this.value3, this.step3] = [value, step];
    else {
      this.more ??= new Map();
      this.more.set(value, step);
    }
    return step;
  }
}

/** Branches of a step in a list: comparing a name with the very same string is one instruction. */
const LISTED_BRANCHES = 4;
/** Steps that the index may have for each series: more than label sets in some orders of names and spellings need. */
const STEPS_PER_SERIES = 8;
/** For metrics that may have very few series. */
const LEAST_STEPS = 1_024;

/**
 * From a caller's label object to its series, on one thread: a tree of maps over the object's values in its own order
 * of names. Finding neither hashes nor joins nor allocates. Objects with the same labels in another order take another
 * way to the same series.
 *
 * It is a cache: one series has no end of spellings (`{ a: '' }` is `{}` for every name `a`), so it takes in only so many.
 */
export class LabelIndex<S> {
  private readonly root = new Step<S>();
  private stepsLeft: number;

  /** @param series most series that there can be */
  constructor(series: number) {
    this.stepsLeft = LEAST_STEPS + series * STEPS_PER_SERIES;
  }

  /** The series of a label set seen before. Anything that is not a known label set gives undefined. */
  find(labels: Readonly<Record<string, unknown>>): S | undefined {
    let step = this.root;
    for (const name in labels) {
      let branch = step.branch;
      while (branch !== undefined && branch.name !== name) branch = branch.other;
      branch ??= step.branch?.rest?.get(name);
      if (branch === undefined) return undefined;
      const next = branch.get(labels[name]);
      if (next === undefined) return undefined;
      step = next;
    }
    return step.series;
  }

  /**
   * Remembers the series of a label set that has been checked, if there is room. Not of the empty one: what is no object
   * at all finds it. Not of one with lone surrogates: those are spellings of U+FFFD, and what comes with them is noise.
   */
  insert({ names, values, size }: LabelSet, series: S): void {
    if (size === 0 || size > this.stepsLeft) return;
    for (let index = 0; index < size; index++) if (isIllFormed(values[index])) return;
    let step = this.root;
    for (let index = 0; index < size; index++) step = this.follow(step, names[index], values[index]);
    step.series = series;
  }

  /** Forgets the series of a label set, in this order of names and these spellings. */
  delete({ names, values, size }: LabelSet): void {
    let step: Step<S> | undefined = this.root;
    for (let index = 0; index < size && step !== undefined; index++) {
      let branch: Branch<S> | undefined = step.branch;
      while (branch !== undefined && branch.name !== names[index]) branch = branch.other;
      branch ??= step.branch?.rest?.get(names[index]);
      step = branch?.get(values[index]);
    }
    if (step !== undefined) step.series = undefined;
  }

  private follow(step: Step<S>, name: string, value: LabelValue): Step<S> {
    const branch = branchOf(step, name);
    const known = branch.get(value);
    if (known !== undefined) return known;
    this.stepsLeft--;
    return branch.add(value);
  }
}

function isIllFormed(value: LabelValue): boolean {
  return typeof value === 'string' && !value.isWellFormed();
}

/** The branch of a name, which is made if there is none: the first few names of a step are the fastest to be found. */
function branchOf<S>(step: Step<S>, name: string): Branch<S> {
  const first = step.branch;
  if (first === undefined) {
    step.branch = new Branch<S>(name);
    return step.branch;
  }
  let last = first;
  let listed = 1;
  for (; last.name !== name && last.other !== undefined; last = last.other) listed++;
  if (last.name === name) return last;
  const known = first.rest?.get(name);
  if (known !== undefined) return known;
  const branch = new Branch<S>(name);
  if (listed < LISTED_BRANCHES) last.other = branch;
  else {
    first.rest ??= new Map();
    first.rest.set(name, branch);
  }
  return branch;
}
