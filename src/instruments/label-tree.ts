/**
 * Numbers of several owners that have one label set in common. They are here rather than in an object of each owner's, and
 * the first four are fields, so that finding them fetches a line or two of memory for all: among cold caches, as within a
 * request, that is most of what a record costs.
 */
class Numbers {
  private owner0: unknown;
  private number0 = 0;
  private owner1: unknown;
  private number1 = 0;
  private owner2: unknown;
  private number2 = 0;
  private owner3: unknown;
  private number3 = 0;
  private more: Numbers | undefined;

  /** The number of an owner; 0 if it has none here. */
  of(owner: unknown): number {
    if (owner === this.owner0) return this.number0;
    if (owner === this.owner1) return this.number1;
    if (owner === this.owner2) return this.number2;
    if (owner === this.owner3) return this.number3;
    return this.more === undefined ? 0 : this.more.of(owner);
  }

  set(owner: unknown, number: number): void {
    if (this.owner0 === undefined || this.owner0 === owner) [this.owner0, this.number0] = [owner, number];
    else if (this.owner1 === undefined || this.owner1 === owner) [this.owner1, this.number1] = [owner, number];
    else if (this.owner2 === undefined || this.owner2 === owner) [this.owner2, this.number2] = [owner, number];
    else if (this.owner3 === undefined || this.owner3 === owner) [this.owner3, this.number3] = [owner, number];
    else {
      this.more ??= new Numbers();
      this.more.set(owner, number);
    }
  }
}

/** A node of the tree: what is there after some labels of a set, and what follows. */
export class Step extends Numbers {
  /** Continuations by the name of the next label, in the order in which callers' objects happened to have them. */
  branch: Branch | undefined;

  /** The branch of a name. */
  find(name: string): Branch | undefined {
    let branch = this.branch;
    while (branch !== undefined && branch.name !== name) branch = branch.other;
    return branch ?? this.branch?.rest?.get(name);
  }
}

/**
 * The values of one label. The first four are fields: comparing a string with the very same string is one instruction,
 * where a Map hashes and probes. A record with three labels takes 34 ns with them and 55 without (perf, "label object").
 */
export class Branch {
  private value0: unknown;
  private value1: unknown;
  private value2: unknown;
  private value3: unknown;
  private step0: Step | undefined;
  private step1: Step | undefined;
  private step2: Step | undefined;
  private step3: Step | undefined;
  private more: Map<unknown, Step> | undefined;

  /** The next of the few branches that a step keeps in a list. */
  other: Branch | undefined;
  /** In the first of the list: the branches beyond those. */
  rest: Map<string, Branch> | undefined;

  constructor(readonly name: string) {}

  get(value: unknown): Step | undefined {
    if (value === this.value0) return this.step0;
    if (value === this.value1) return this.step1;
    if (value === this.value2) return this.step2;
    if (value === this.value3) return this.step3;
    return this.more?.get(value);
  }

  add(value: unknown): Step {
    const step = new Step();
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

/** Where label sets lead that nobody has seen before. */
export const NOWHERE = new Step();

/** The branch of a name, which is made if there is none: the first few names of a step are the fastest to be found. */
export function branchOf(step: Step, name: string): Branch {
  const first = step.branch;
  if (first === undefined) {
    step.branch = new Branch(name);
    return step.branch;
  }
  let last = first;
  let listed = 1;
  for (; last.name !== name && last.other !== undefined; last = last.other) listed++;
  if (last.name === name) return last;
  const known = first.rest?.get(name);
  if (known !== undefined) return known;
  const branch = new Branch(name);
  if (listed < LISTED_BRANCHES) last.other = branch;
  else {
    first.rest ??= new Map();
    first.rest.set(name, branch);
  }
  return branch;
}
