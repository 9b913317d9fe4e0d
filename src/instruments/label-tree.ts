/**
 * Where the values of a label set lead: its number if no known set goes on from there, which spares an object for nearly all
 * of them, and fetching it; otherwise a step.
 */
export type Place = number | Step;

/** What `LabelTree.find` says of label sets that are not in the tree. */
export const NOWHERE = 0;
/** The number of the label set without labels. It is not in the tree, where what is no object at all would find it. */
export const UNLABELLED = 1;

/** A node of the tree: what is there after some labels of a set, and what follows. */
class Step {
  /** Continuations by the name of the next label, in the order in which callers' objects happened to have them. */
  branch: Branch | undefined;

  /** @param set number of the label set that ends here, if one does */
  constructor(public set = NOWHERE) {}

  /** The branch of a name. */
  find(name: string): Branch | undefined {
    let branch = this.branch;
    while (branch !== undefined && branch.name !== name) branch = branch.other;
    return branch ?? this.branch?.rest?.get(name);
  }

  /** The branch of a name, which is made if there is none: the first few names of a step are the fastest to be found. */
  branchOf(name: string): Branch {
    const known = this.find(name);
    if (known !== undefined) return known;
    const branch = new Branch(name);
    if (this.branch === undefined) this.branch = branch;
    else this.branch.append(branch);
    return branch;
  }
}

/** Branches of a step in a list: comparing a name with the very same string is one instruction. */
const LISTED_BRANCHES = 4;

/**
 * A label that label sets go on with, and its values. Up to four are fields: comparing a string with the very same string
 * is one instruction, where a Map hashes and probes. A record with three labels takes 34 ns with them and 55 without (perf,
 * "label object"). With more values all are in a Map, since one that is in none of the fields would be compared with each,
 * letter by letter unless both are literals: with 31 values a record takes 56 ns instead of 65.
 */
export class Branch {
  private value0: unknown;
  private value1: unknown;
  private value2: unknown;
  private value3: unknown;
  private place0: Place | undefined;
  private place1: Place | undefined;
  private place2: Place | undefined;
  private place3: Place | undefined;
  private more: Map<unknown, Place> | undefined;

  /** The next of the few branches that a step keeps in a list. */
  other: Branch | undefined;
  /** In the first of the list: the branches beyond those. */
  rest: Map<string, Branch> | undefined;

  constructor(readonly name: string) {}

  get(value: unknown): Place | undefined {
    if (this.more !== undefined) return this.more.get(value);
    if (value === this.value0) return this.place0;
    if (value === this.value1) return this.place1;
    if (value === this.value2) return this.place2;
    if (value === this.value3) return this.place3;
    return undefined;
  }

  set(value: unknown, place: Place): void {
    if (this.more !== undefined) this.more.set(value, place);
    // NaN equals nothing, not even in a field
    else if (Number.isNaN(value)) this.moreWith(value, place);
    else if (this.place0 === undefined || this.value0 === value) [this.value0, this.place0] = [value, place];
    else if (this.place1 === undefined || this.value1 === value) [this.value1, this.place1] = [value, place];
    else if (this.place2 === undefined || this.value2 === value) [this.value2, this.place2] = [value, place];
    else if (this.place3 === undefined || this.value3 === value) [this.value3, this.place3] = [value, place];
    else this.moreWith(value, place);
  }

  private moreWith(value: unknown, place: Place): void {
    this.more = new Map();
    if (this.place0 !== undefined) this.more.set(this.value0, this.place0);
    if (this.place1 !== undefined) this.more.set(this.value1, this.place1);
    if (this.place2 !== undefined) this.more.set(this.value2, this.place2);
    if (this.place3 !== undefined) this.more.set(this.value3, this.place3);
    this.more.set(value, place);
  }

  /** Of the first branch of a step: adds one that the step does not have. */
  append(branch: Branch): void {
    let last: Branch = this;
    let listed = 1;
    for (; last.other !== undefined; last = last.other) listed++;
    if (listed < LISTED_BRANCHES) last.other = branch;
    else {
      this.rest ??= new Map();
      this.rest.set(branch.name, branch);
    }
  }
}

/**
 * Numbers label sets, from 2 upwards, on one thread. Finding neither joins nor allocates: it follows the values of a caller's
 * object, in its own order of names, down a tree. Objects with the same labels in another order are another label set.
 */
export class LabelTree {
  private readonly root = new Step();
  private sets = UNLABELLED;
  private steps = 0;

  /** Label sets and steps: what the tree has grown by. */
  get size(): number {
    return this.sets + this.steps;
  }

  /**
   * The number of a label set; NOWHERE if it is not in the tree, or empty, or no object of labels at all.
   *
   * @param usual where label sets begin, mostly
   */
  find(labels: Readonly<Record<string, unknown>>, usual: Branch | undefined): number {
    let place: Place = this.root;
    let branch = usual;
    for (const name in labels) {
      if (branch === undefined || branch.name !== name) {
        if (typeof place === 'number') return NOWHERE;
        branch = place.find(name);
        if (branch === undefined) return NOWHERE;
      }
      const next = branch.get(labels[name]);
      if (next === undefined) return NOWHERE;
      place = next;
      branch = typeof next === 'number' ? undefined : next.branch;
    }
    return typeof place === 'number' ? place : place.set;
  }

  /** The number of a label set that has been checked and is not empty; it is added if it is not there. */
  add({ names, values, size }: LabelList): number {
    const last = size - 1;
    let step = this.root;
    for (let index = 0; index < last; index++) step = this.follow(step, names[index], values[index]);
    const branch = step.branchOf(names[last]);
    const known = branch.get(values[last]);
    if (typeof known === 'number') return known;
    if (known === undefined) branch.set(values[last], ++this.sets);
    else if (known.set === NOWHERE) known.set = ++this.sets;
    return known === undefined ? this.sets : known.set;
  }

  /** Where label sets begin that begin with this name, if there are any. */
  beginning(name: string): Branch | undefined {
    return this.root.find(name);
  }

  /** The step after a label with which more is to follow. */
  private follow(step: Step, name: string, value: unknown): Step {
    const branch = step.branchOf(name);
    const known = branch.get(value);
    if (typeof known === 'object') return known;
    this.steps++;
    const next = new Step(known);
    branch.set(value, next);
    return next;
  }
}

/** Names and values of a label set, in the order of the caller's object; those from `size` on mean nothing. */
export interface LabelList {
  readonly names: readonly string[];
  readonly values: readonly unknown[];
  readonly size: number;
}
