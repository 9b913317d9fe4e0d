import assert from 'node:assert/strict';
import timers from 'node:timers';
import type { Arena } from '../../../dist/src/arena/arena.js';
import type { Part } from './weak-memory';

/**
 * An arena whose every access, plain or atomic, goes to a handler instead of the memory: the real code runs on it unchanged.
 * `Atomics` is patched for the arrays of such arenas alone.
 */
export type Change = (low: number, high: number) => { low: number; high: number } | undefined;

export interface Access {
  readonly word: number;
  readonly part: Part;
  readonly what: string;
  readonly atomic: boolean;
  /** Absent for loads. Of the present halves, what they become; undefined if nothing is stored (a failed exchange). */
  readonly change?: Change;
  /** Whether it is a read-modify-write: its result is what was there before. */
  readonly reads: boolean;
  /** Waits while the word is this. */
  readonly awaits?: number;
}

/** Answers with the two halves that the word had. What the access is need only be asked for when it is made the first time. */
export type Handler = (describe: () => Access) => { low: number; high: number; timedOut?: boolean };

type Kind = 'i32' | 'f64' | 'i64' | 'u8';
type Value = number | bigint;

const f64 = new Float64Array(1);
const halves = new Int32Array(f64.buffer);
const i64 = new BigInt64Array(f64.buffer);
const bytes = new Uint8Array(f64.buffer);

/** Words per element, and where in its word an element is. */
const place = (kind: Kind, index: number): { word: number; part: Part } => {
  if (kind === 'i32') return { word: index >> 1, part: (index & 1) === 0 ? 'low' : 'high' };
  if (kind === 'u8') return { word: index >> 3, part: (index & 4) === 0 ? 'low' : 'high' };
  return { word: index, part: 'both' };
};

function decode(kind: Kind, index: number, { low, high }: { low: number; high: number }): Value {
  halves[0] = low;
  halves[1] = high;
  if (kind === 'i32') return (index & 1) === 0 ? low : high;
  if (kind === 'u8') return bytes[index & 7];
  return kind === 'f64' ? f64[0] : i64[0];
}

/** The halves of a word with one element of it changed. */
function encode(kind: Kind, index: number, value: Value, low: number, high: number): { low: number; high: number } {
  halves[0] = low;
  halves[1] = high;
  if (kind === 'i32') halves[index & 1] = Number(value);
  else if (kind === 'u8') bytes[index & 7] = Number(value);
  else if (kind === 'f64') f64[0] = Number(value);
  else i64[0] = BigInt(value);
  return { low: halves[0], high: halves[1] };
}

interface Shimmed {
  kind: Kind;
  length: number;
  /** The memory as it was at first. */
  real: Record<number, Value>;
  /** Who answers now. */
  turn: { handler: Handler };
  /** Words that some actor writes: all others are read directly, which is most of the time that an actor takes. */
  written: ReadonlySet<number>;
}

const shimmed = new WeakMap<object, Shimmed>();

/** @param describe tells all of the access but where it is */
function access(array: Shimmed, index: number, describe: () => Omit<Access, 'word' | 'part'>): Value | 'timed-out' {
  const { kind, turn } = array;
  const result = turn.handler(() => ({ ...place(kind, index), ...describe() }));
  return result.timedOut === true ? 'timed-out' : decode(kind, index, result);
}

const wordOf = (kind: Kind, index: number): number =>
  kind === 'i32' ? index >> 1 : kind === 'u8' ? index >> 3 : index;

const load = (array: Shimmed, index: number, atomic: boolean): Value =>
  !array.written.has(wordOf(array.kind, index))
    ? array.real[index]
    : (access(array, index, () => ({
        what: `${atomic ? 'Atomics.load' : 'load'} ${array.kind}[${index}]`,
        atomic,
        reads: true,
      })) as Value);

function store(array: Shimmed, index: number, value: Value, atomic: boolean): Value {
  const { kind } = array;
  access(array, index, () => ({
    what: `${atomic ? 'Atomics.store' : 'store'} ${kind}[${index}] = ${value}`,
    atomic,
    reads: false,
    change: (low, high) => encode(kind, index, value, low, high),
  }));
  return value;
}

/** @param next what the element becomes; undefined if it stays */
function modify(array: Shimmed, index: number, what: string, next: (now: Value) => Value | undefined): Value {
  const { kind } = array;
  return access(array, index, () => ({
    what: `Atomics.${what} ${kind}[${index}]`,
    atomic: true,
    reads: true,
    change: (low, high) => {
      const value = next(decode(kind, index, { low, high }));
      return value === undefined ? undefined : encode(kind, index, value, low, high);
    },
  })) as Value;
}

/** What the code under test calls on typed arrays. */
const methods: Record<string, (array: Shimmed, ...args: never[]) => unknown> = {
  fill(array, value: Value, from = 0, to = array.length) {
    for (let index: number = from; index < to; index++) store(array, index, value, false);
  },
  set(array, source: ArrayLike<Value>, offset = 0) {
    for (let index = 0; index < source.length; index++) store(array, offset + index, source[index], false);
  },
  slice(array, from: number, to: number) {
    return Uint8Array.from({ length: to - from }, (_, index) => load(array, from + index, false) as number);
  },
};

function shim(
  kind: Kind,
  real: Record<number, Value> & { length: number },
  turn: { handler: Handler },
  written: ReadonlySet<number>,
): object {
  const { length } = real;
  const array = { kind, length, real, turn, written };
  const proxy = new Proxy(array, {
    get(_, key) {
      if (key === 'length') return length;
      const method = methods[key as string];
      return method === undefined ? load(array, Number(key), false) : method.bind(undefined, array);
    },
    set(_, key, value) {
      store(array, Number(key), value, false);
      return true;
    },
  });
  shimmed.set(proxy, array);
  return proxy;
}

/** An arena that gives its accesses to a handler: stores, and loads of words that are written. One actor runs at a time. */
export class ShimmedArena {
  private readonly turn = { handler: (): never => assert.fail('nobody runs') };
  private readonly arena: Arena;

  constructor(arena: Arena, written: ReadonlySet<number>) {
    const { i32, f64, i64, u8 } = arena;
    this.arena = Object.assign(arena, {
      i32: shim('i32', i32, this.turn, written),
      f64: shim('f64', f64, this.turn, written),
      i64: shim('i64', i64, this.turn, written),
      u8: shim('u8', u8, this.turn, written),
    });
  }

  /** The arena as a thread has it that has just attached; the handler answers from now on. */
  attach(handler: Handler): Arena {
    Object.assign(this.turn, { handler });
    return Object.assign(Object.create(Object.getPrototypeOf(this.arena)), this.arena);
  }
}

const add = (a: Value, b: Value): Value => (typeof a === 'bigint' ? a + (b as bigint) : (a + (b as number)) | 0);

const patches: Record<string, (array: Shimmed, index: number, ...args: never[]) => unknown> = {
  load: (array, index) => load(array, index, true),
  store: (array, index, value: Value) => store(array, index, value, true),
  add: (array, index, value: Value) => modify(array, index, `add(${value})`, (now) => add(now, value)),
  sub: (array, index, value: Value) => modify(array, index, `sub(${value})`, (now) => add(now, -value as Value)),
  or: (array, index, value: number) => modify(array, index, `or(${value})`, (now) => (now as number) | value),
  exchange: (array, index, value: Value) => modify(array, index, `exchange(${value})`, () => value),
  compareExchange: (array, index, from: Value, to: Value) =>
    modify(array, index, `compareExchange(${from}, ${to})`, (now) => (now === from ? to : undefined)),
  notify: () => 0,
  wait: (array, index, value: number) => {
    const what = `Atomics.wait ${array.kind}[${index}] while ${value}`;
    const result = access(array, index, () => ({ what, atomic: true, reads: true, awaits: value }));
    return result === 'timed-out' ? result : 'not-equal';
  },
};

/** Runs something while `Atomics` knows shimmed arrays, the clock stands still, and nobody starts a timer: an actor is run many times. */
export function withShim<T>(action: () => T): T {
  const real = Object.fromEntries(Object.keys(patches).map((name) => [name, Reflect.get(Atomics, name)]));
  for (const [name, patch] of Object.entries(patches))
    Reflect.set(Atomics, name, (array: object, index: number, ...args: never[]) => {
      const known = shimmed.get(array);
      return known === undefined ? real[name](array, index, ...args) : patch(known, index, ...args);
    });
  const { setTimeout } = timers;
  const { bigint } = process.hrtime;
  // the arenas' clocks have been set before: nobody sets them on
  process.hrtime.bigint = () => 0n;
  Object.assign(timers, { setTimeout: () => ({ unref: () => undefined }) });
  try {
    return action();
  } finally {
    Object.assign(Atomics, real);
    Object.assign(timers, { setTimeout });
    process.hrtime.bigint = bigint;
  }
}
