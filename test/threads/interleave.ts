import { createHash } from 'node:crypto';
import type { Arena } from '../../dist/src/arena/arena.js';
import { type Access, ShimmedArena, withShim } from './model/shim';
import { type Version, View, WeakMemory } from './model/weak-memory';

/**
 * A model checker for what threads do to an arena: runs the real code of two or three actors in every interleaving, on a
 * weakly ordered memory (model/weak-memory.ts).
 *
 * An actor is a function. To let it go one access further, it is run again from its beginning: the accesses that it has made
 * are answered as they were, and have no effect; then comes the next one. So an actor must do the same when it reads the
 * same: no clock, no chance. `performance.now()` stands still but for waits that time out.
 *
 * A *state* is the memory, what waits in the store buffers, and what each actor has read so far. Each state is visited once.
 * Three things keep the states few, and lose no behaviour:
 * - Only accesses to words that two actors touch, one of them writing, are steps. Which those are is found out on the way;
 *   the exploration begins again whenever there is another one. What only one actor writes is no step when that one reads it.
 * - A store is no step: it goes into the buffer of its actor. That it leaves the buffer is one, and need not happen before
 *   another actor comes to the same word: a store that leaves later can be seen, or not, by whoever comes then. A release
 *   store takes along what is before it, in one step: nobody has come to those words, or they could leave alone as well.
 * - When an actor begins to load, it goes on until it does something else. A load that comes later may show everything that
 *   it could have shown earlier, and nobody sees a load: so nothing need happen between two of them.
 */
export interface Program<R = unknown> {
  /** Memory as it is when the actors begin. */
  readonly buffer: SharedArrayBuffer;
  /** Opens it, with the code that is explored. */
  readonly attach: (buffer: SharedArrayBuffer) => Arena;
  /** Each is given an arena, of its own, on that memory. What it returns is given to `check`. */
  readonly actors: readonly ((arena: Arena) => R)[];
  /** How often an actor may be interrupted for another one although it could go on. Default: any number of times. */
  readonly interruptions?: number;
  /**
   * Which actors may also be terminated at any step, for good. Then the time of others that wait may be up at any
   * moment: they have heard of the end, and everything that was stored before is visible to them.
   */
  readonly mortal?: readonly number[];
  /** Most steps of each actor: where one has made as many, the exploration does not go on. Default: any number. */
  readonly depths?: readonly number[];
  /** Runs at every end, alone; throws, or returns what is wrong. `undefined` as a result: that actor was terminated. */
  check(arena: Arena, results: readonly (R | undefined)[]): string | undefined;
}

export interface Exploration {
  readonly states: number;
  readonly ends: number;
  /** Most steps that an actor made. */
  readonly depth: number;
  /** States at which it was given up, since an actor had made its most steps: readers that read again and again. */
  readonly cut: number;
  /** The first interleaving at whose end something was wrong, step by step. */
  readonly failure?: { readonly problem: string; readonly steps: readonly string[] };
}

/** More than any actor makes that comes to an end. */
const MOST_STEPS = 1_000;

type Result = { low: number; high: number; timedOut?: boolean };

/** Thrown out of an actor when it has come to an access that is not its turn yet. */
const PAUSE = { pause: true };

/** One actor in one state. */
class Actor<R> {
  log: readonly Result[] = [];
  pending: Access | undefined;
  result: R | undefined;
  done = false;
  killed = false;
  timeouts = 0;
  steps = 0;

  constructor(readonly view = new View()) {}

  clone(): Actor<R> {
    return Object.assign(new Actor<R>(this.view.clone()), {
      log: this.log,
      pending: this.pending,
      result: this.result,
      done: this.done,
      killed: this.killed,
      timeouts: this.timeouts,
      steps: this.steps,
    });
  }
}

interface State<R> {
  memory: WeakMemory;
  actors: readonly Actor<R>[];
  /** The actor that is loading: it goes on alone. */
  loading?: number;
  /** The actor that made the last access, and how often one was interrupted. */
  last?: number;
  interruptions?: number;
  /** How it came about. */
  trace: { readonly step: string; readonly before: State<R>['trace'] } | undefined;
}

interface Choice {
  readonly actor: number;
  readonly step: string;
  readonly kind: 'access' | 'leave' | 'kill' | 'time out';
  readonly version?: Version;
  readonly word?: number;
}

class Restart extends Error {}

/** @returns false if a word was found meanwhile that two actors touch, of which that was not known */
function isComplete(action: () => void): boolean {
  try {
    action();
    return true;
  } catch (error) {
    if (error instanceof Restart) return false;
    throw error;
  }
}

/** Walks one after the other that find no shared word. */
const QUIET_WALKS = 10;

class Explorer<R> {
  /** Words that are touched by two actors, and written by one of them. */
  private readonly shared = new Set<number>();
  private readonly written = new Set<number>();
  private readonly atomic = new Set<number>();
  private readonly readers = new Map<number, Set<number>>();
  private readonly writers = new Map<number, Set<number>>();
  private visited = new Set<string>();
  private ends = 0;
  private depth = 0;
  private cut = 0;

  private readonly arena: ShimmedArena;

  constructor(private readonly program: Program<R>) {
    this.arena = new ShimmedArena(program.attach(program.buffer), this.written);
  }

  explore(): Exploration {
    return withShim(() => {
      for (let walks = 0; walks < QUIET_WALKS; walks++) if (!isComplete(() => this.walk(walks))) walks = -1;
      let exploration: Exploration | undefined;
      while (!isComplete(() => (exploration = this.search())));
      return exploration!;
    });
  }

  private first(): State<R> {
    const memory = new WeakMemory(new Int32Array(this.program.buffer));
    const first: State<R> = { memory, actors: this.program.actors.map(() => new Actor<R>()), trace: undefined };
    for (const number of first.actors.keys()) this.run(first, number);
    return first;
  }

  /** Goes from the beginning to some end: most shared words are found by that, before every interleaving is tried. */
  private walk(seed: number): void {
    let number = seed;
    const next = (state: State<R>): State<R> | undefined => {
      const choices = this.choicesOf(state);
      if (choices.length === 0) this.end(state);
      number = (Math.imul(number, 1_103_515_245) + 12_345) >>> 1;
      for (let tried = 0; tried < choices.length; tried++) {
        const later = this.take(state, choices[((number >> 8) + tried) % choices.length]);
        if (!this.isInterruptedTooOften(later)) return later;
      }
      return undefined;
    };
    for (let state: State<R> | undefined = this.first(); state !== undefined && !this.isCut(state); )
      state = next(state);
  }

  private search(): Exploration {
    this.visited = new Set();
    this.ends = 0;
    this.depth = 0;
    this.cut = 0;
    const stack = [this.first()];
    let failure: Exploration['failure'];
    for (let state = stack.pop(); state !== undefined && failure === undefined; state = stack.pop())
      if (this.isNew(state)) failure = this.visit(state, stack);
    return { states: this.visited.size, ends: this.ends, depth: this.depth, cut: this.cut, failure };
  }

  private isNew(state: State<R>): boolean {
    const { last, interruptions } = state;
    const turn = this.program.interruptions === undefined ? '' : `${last} ${interruptions}`;
    const key = createHash('sha256')
      .update(keyOf(state, this.atomic) + turn)
      .digest('base64');
    const known = this.visited.size;
    return this.visited.add(key).size > known;
  }

  /** @returns what is wrong, if this is an end */
  private visit(state: State<R>, stack: State<R>[]): Exploration['failure'] {
    if (this.isCut(state)) this.cut++;
    else if (!this.isInterruptedTooOften(state)) {
      const choices = this.choicesOf(state);
      if (choices.length === 0) return this.end(state);
      for (const choice of choices) stack.push(this.take(state, choice));
    }
    return undefined;
  }

  private isCut({ actors }: State<R>): boolean {
    return actors.some(({ steps, done }, actor) => !done && steps >= (this.program.depths?.[actor] ?? MOST_STEPS));
  }

  private isInterruptedTooOften({ interruptions = 0 }: State<R>): boolean {
    return interruptions > (this.program.interruptions ?? Number.POSITIVE_INFINITY);
  }

  private choicesOf(state: State<R>): Choice[] {
    const choices: Choice[] = [];
    const waiting: Choice[] = [];
    for (const [number, actor] of state.actors.entries()) {
      this.leaves(state, number, choices);
      if (actor.done || (state.loading !== undefined && state.loading !== number)) continue;
      if (state.loading === undefined && this.program.mortal?.includes(number))
        choices.push({ actor: number, kind: 'kill', step: 'terminated' });
      const { pending } = actor;
      if (pending === undefined) continue;
      if (pending.awaits !== undefined && isStill(state.memory, pending))
        waiting.push({ actor: number, kind: 'time out', step: `${pending.what}: timed out` });
      else
        for (const version of versionsFor(state.memory, actor.view, pending))
          choices.push({ actor: number, kind: 'access', version, step: pending.what });
    }
    // a wait is over when the word changes; its time is up only if nothing else can happen, or an actor has ended
    const isUp = choices.length === 0 || (state.loading === undefined && state.actors.some(({ killed }) => killed));
    return isUp ? [...choices, ...waiting] : choices;
  }

  /** Which stores of an actor may leave its buffer now: those to words that others have come to, or store to as well. */
  private leaves({ actors, loading }: State<R>, number: number, choices: Choice[]): void {
    for (const word of new Set(actors[number].view.buffer.map((store) => store.word))) {
      const isWanted = actors.some(
        ({ pending, view }, other) =>
          other !== number &&
          ((pending?.word === word && (loading === undefined || loading === other)) || view.isWaiting(word)),
      );
      if (isWanted) choices.push({ actor: number, kind: 'leave', word, step: `its store to word ${word} is visible` });
    }
  }

  private take({ memory, actors, trace, last, interruptions }: State<R>, choice: Choice): State<R> {
    const state: State<R> = { memory: memory.clone(), actors: actors.map((actor) => actor.clone()), trace: undefined };
    const actor = state.actors[choice.actor];
    let note = '';
    if (choice.kind === 'leave') state.memory.leave(actor.view, choice.word!);
    else if (choice.kind === 'kill') {
      // before it is terminated its stores may be invisible just as long
      state.memory.settle(actor.view);
      actor.killed = true;
      actor.done = true;
    } else {
      const result: Result =
        choice.kind === 'time out'
          ? { ...state.memory.newest(actor.pending!.word), timedOut: true }
          : perform(state.memory, actor.view, actor.pending!, choice.version!);
      if (choice.kind === 'time out') {
        actor.timeouts++;
        if (actors.some(({ killed }) => killed)) state.memory.synchronize(actor.view);
      }
      note = ` -> ${result.low},${result.high}`;
      actor.log = [...actor.log, result];
      actor.steps++;
      const isLoad = choice.kind === 'access' && isPlainOrAtomicLoad(actor.pending!);
      const waiting = actor.view.buffer.length;
      this.run(state, choice.actor);
      // one that has stored something is disturbed by whoever sees that; one that waits lets others go on
      const goesOn = !actor.done && actor.view.buffer.length === waiting && actor.pending?.awaits === undefined;
      if (isLoad && goesOn) state.loading = choice.actor;
    }
    this.noteTurn(state, { actors, last, interruptions }, choice);
    state.trace = { step: `${'ABCD'[choice.actor]}: ${choice.step}${note}`, before: trace };
    return state;
  }

  private noteTurn(
    state: State<R>,
    before: Pick<State<R>, 'actors' | 'last' | 'interruptions'>,
    { kind, actor }: Choice,
  ): void {
    const isTurn = kind === 'access' || kind === 'time out';
    const { last = actor, interruptions = 0 } = before;
    const interrupts =
      isTurn && last !== actor && !before.actors[last].done && before.actors[last].pending?.awaits === undefined;
    state.last = isTurn ? actor : before.last;
    state.interruptions = interruptions + (interrupts ? 1 : 0);
  }

  /** Runs an actor from its beginning to the access that comes after those in its log. */
  private run(state: State<R>, number: number): void {
    const actor = state.actors[number];
    const log = [...actor.log];
    let cursor = 0;
    let paused = false;
    actor.pending = undefined;
    const arena = this.arena.attach((describe) => {
      if (paused) throw PAUSE;
      if (cursor < log.length) return log[cursor++];
      const access = describe();
      this.note(number, access);
      const result = this.isStep(number, access)
        ? undefined
        : withoutStep(state.memory, actor.view, access, this.shared);
      if (result !== undefined) {
        cursor = log.push(result);
        return result;
      }
      paused = true;
      actor.pending = access;
      throw PAUSE;
    });
    const now = performance.now;
    performance.now = () => actor.timeouts;
    try {
      actor.result = this.program.actors[number](arena);
      actor.done = !paused;
    } catch (error) {
      if (error !== PAUSE) throw error;
    } finally {
      performance.now = now;
    }
    actor.log = log;
    this.depth = Math.max(this.depth, actor.steps);
  }

  private isStep(actor: number, access: Access): boolean {
    const { word, change, reads, awaits } = access;
    if (!this.shared.has(word)) return false;
    if (change !== undefined) return reads;
    return awaits !== undefined || [...this.writers.get(word)!].some((writer) => writer !== actor);
  }

  private note(actor: number, { word, change, atomic }: Access): void {
    const touched = (map: Map<number, Set<number>>): Set<number> => {
      const set = map.get(word) ?? new Set();
      map.set(word, set);
      return set;
    };
    const [readers, writers] = [touched(this.readers), touched(this.writers)];
    const known = writers.size;
    (change === undefined ? readers : writers).add(actor);
    const isShared = writers.size > 0 && new Set([...readers, ...writers]).size > 1;
    // what has been explored took accesses to the word for no steps, or loads of it for such that nobody disturbs
    const isNew = isShared && (!this.shared.has(word) || writers.size > known);
    const isFirstWrite = change !== undefined && !this.written.has(word);
    const isFirstAtomic = atomic && !this.atomic.has(word);
    if (!isNew && !isFirstWrite && !isFirstAtomic) return;
    if (isShared) this.shared.add(word);
    if (isFirstWrite) this.written.add(word);
    if (isFirstAtomic) this.atomic.add(word);
    throw new Restart();
  }

  private end(state: State<R>): Exploration['failure'] {
    this.ends++;
    const { memory, actors } = state;
    const after = memory.clone();
    for (const actor of actors) after.settle(actor.view.clone());
    const arena = this.arena.attach((describe) => {
      const access = describe();
      if (access.change !== undefined && !this.written.has(access.word)) {
        this.written.add(access.word);
        throw new Restart();
      }
      return atOnce(after, access);
    });
    const stuck = actors.findIndex(({ done }) => !done);
    const results = actors.map(({ killed, result }) => (killed ? undefined : result));
    const problem = stuck === -1 ? this.program.check(arena, results) : `${'ABCD'[stuck]} waits for ever`;
    if (problem === undefined) return undefined;
    const steps: string[] = [];
    for (let at = state.trace; at !== undefined; at = at.before) steps.unshift(at.step);
    return { problem, steps };
  }
}

function isStill(memory: WeakMemory, { word, part, awaits }: Access): boolean {
  const { low, high } = memory.newest(word);
  return (part === 'high' ? high : low) === awaits;
}

function isPlainOrAtomicLoad({ change, awaits }: Access): boolean {
  return change === undefined && awaits === undefined;
}

function versionsFor(memory: WeakMemory, view: View, access: Access): readonly Version[] {
  return isPlainOrAtomicLoad(access) ? memory.visible(view, access.word) : [memory.newest(access.word)];
}

/** Makes an access that is a step: a load, a read-modify-write, or the end of a wait. @returns what the word was for it */
function perform(memory: WeakMemory, view: View, access: Access, version: Version): Result {
  const { word, part, change, atomic, awaits } = access;
  if (change === undefined || awaits !== undefined) {
    if (!atomic) return memory.show(view, word, version, false);
    memory.settleReleases(view);
    // its own stores that have left just now are not older for an actor than what it was to be shown
    const isOlder = version.time < (view.seen.get(word) ?? 0);
    return memory.show(view, word, isOlder ? memory.newest(word) : version, true);
  }
  memory.settle(view);
  const before = memory.newest(word);
  const after = change(before.low, before.high);
  if (after === undefined) return memory.show(view, word, before, true);
  if (after.low !== before.low || after.high !== before.high)
    memory.write(view, { word, part, ...after, release: false });
  memory.synchronize(view);
  return before;
}

/** Makes an access that is no step: to a word that concerns nobody else, or a store, which waits in the buffer. */
function withoutStep(memory: WeakMemory, view: View, access: Access, shared: ReadonlySet<number>): Result {
  const { word, part, change, atomic } = access;
  if (!shared.has(word)) return atOnce(memory, access);
  const now = memory.show(view, word, memory.newest(word), false);
  if (change !== undefined)
    view.buffer = [...view.buffer, { word, part, ...change(now.low, now.high)!, release: atomic }];
  return now;
}

function atOnce(memory: WeakMemory, { word, part, change }: Access): Result {
  const before = memory.newest(word);
  const after = change?.(before.low, before.high);
  if (after !== undefined) memory.writeAlone({ word, part, ...after });
  return before;
}

function keyOf<R>({ memory, actors, loading }: State<R>, atomic: ReadonlySet<number>): string {
  const text = memory.normalize(
    actors.map(({ view }) => view),
    (actor) => !actors[actor].done,
    atomic,
  );
  const logs = actors.map(({ log, done, killed, timeouts }) => [hash(log), log.length, done, killed, timeouts]);
  return `${text}${JSON.stringify(logs)}${loading}`;
}

/** Two numbers of 32 bits over all that an actor has read. */
function hash(log: readonly Result[]): string {
  let [a, b] = [0x811c9dc5, 0x1000193];
  for (const { low, high } of log)
    for (const half of [low, high]) {
      a = Math.imul(a ^ half, 0x01000193) ^ (a >>> 13);
      b = (Math.imul(b, 31) + half) | 0;
    }
  return `${a},${b}`;
}

/** Explores every interleaving of a program. */
export function explore<R>(program: Program<R>): Exploration {
  return new Explorer(program).explore();
}
