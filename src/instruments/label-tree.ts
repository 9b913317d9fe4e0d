/**
 * The child for a label value: the label set's number if no known set continues from there (nearly all leaves: no node
 * object has to be allocated and fetched); otherwise a step.
 */
export type Place = number | Step;

/** Result of `LabelTree.find` for label sets that are not in the tree. */
export const NOWHERE = 0;
/** Number of the empty label set. It is not in the tree: otherwise a look-up of a non-object would find it. */
export const UNLABELLED = 1;

/** A node of the tree: reached after some labels of a set. It has that set's number, and the continuations. */
class Step {
  /** Continuations by the name of the next label, in the order in which they were added. */
  branch: Branch | undefined;

  /** @param set number of the label set that ends here, if one does */
  constructor(public set = NOWHERE) {}

  /** The branch of a name. */
  find(name: string): Branch | undefined {
    let branch = this.branch;
    while (branch !== undefined && branch.name !== name) branch = branch.other;
    return branch ?? this.branch?.rest?.get(name);
  }

  /** Get-or-create of the branch of a name. The first few names of a step are found fastest. */
  branchOf(name: string): Branch {
    const known = this.find(name);
    if (known !== undefined) return known;
    const branch = new Branch(name);
    if (this.branch === undefined) this.branch = branch;
    else this.branch.append(branch);
    return branch;
  }
}

/** Branches of a step that are in a linked list: comparing identical string objects takes one instruction. */
const LISTED_BRANCHES = 4;

/**
 * A label name with which label sets continue, and its values. Up to four values are fields: comparing identical string
 * objects takes one instruction, where a Map hashes and probes. A record with three labels takes 34 ns with fields and
 * 55 without (perf, "label object"). With more values, all are in a Map: otherwise a value that is in none of the
 * fields would be compared with each, letter by letter unless both are literals (with 31 values: 56 ns, not 65).
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
  /** Only in the first branch of the list: the branches beyond the list. */
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
    // NaN does not equal itself, so a field would never match it; a Map finds it
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

  /** Called on the first branch of a step: adds a branch that the step does not have yet. */
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
 * Numbers label sets, from 2 upwards, on one thread. A look-up neither joins strings nor allocates: it follows the
 * values of a caller's object down a tree, in the object's order of names: another order is another label set.
 */
export class LabelTree {
  private readonly root = new Step();
  private sets = UNLABELLED;
  private steps = 0;

  /** Number of label sets and steps: the size of the tree. */
  get size(): number {
    return this.sets + this.steps;
  }

  /**
   * The number of a label set; NOWHERE if it is not in the tree, is empty, or is not a label object.
   *
   * @param usual the branch to try first, at which most label sets begin
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

  /** Get-or-create of the number of a label set that has been checked and is not empty. */
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

  /** The branch of the label sets that begin with this name, if there are any. */
  beginning(name: string): Branch | undefined {
    return this.root.find(name);
  }

  /** Get-or-create of the step after a label that is not the last one of its set. */
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

/** Names and values of a label set, in the order of the caller's object; elements from `size` on are unused. */
export interface LabelList {
  readonly names: readonly string[];
  readonly values: readonly unknown[];
  readonly size: number;
}
