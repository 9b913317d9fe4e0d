import { raise, Sleeper } from './signal';
import { waitFor } from './wait';

/*
 * Int32 words: 0 asked, 1 or 0; 1 changes, raised whenever a thread parks or is forgotten; 2 milliseconds that the next
 * thread waits before it joins; 3 and up: one slot per thread, 0 = free, its id = running, the negative id = parked. All
 * are atomic.
 */
const ASKED = 0;
const CHANGES = 1;
const DELAY = 2;
const SLOTS = 3;

/** How long a thread that is about to terminate others waits for them to park. */
export const PARK_MS = 1_000;

/**
 * Parks threads before they are terminated. A thread that is terminated inside a native callback, such as one of Node 20's
 * HTTP parser, can abort the whole process; one that blocks in `Atomics.wait`, called from its own loop, cannot.
 *
 * Guarantees: a thread that has parked never runs again, so it may be treated as ended. Nobody waits for a thread that
 * is still loading and has not joined; such a thread parks as soon as it has joined.
 */
export class Parking {
  readonly buffer: SharedArrayBuffer;
  private readonly i32: Int32Array;

  /** @param from the most threads that can be joined at the same time, or the buffer of another thread's Parking */
  constructor(from: number | SharedArrayBuffer) {
    this.buffer = typeof from === 'number' ? new SharedArrayBuffer((SLOTS + from) * 4) : from;
    this.i32 = new Int32Array(this.buffer);
  }

  /** Makes the next thread that starts wait before it joins; 0 ends such a wait, also one that has begun. */
  delayNext(milliseconds: number): void {
    Atomics.store(this.i32, DELAY, milliseconds);
    Atomics.notify(this.i32, DELAY);
  }

  /** Called by a thread before it joins: blocks as long as `delayNext` said, unless the threads are asked to park. */
  waitToJoin(): void {
    const delay = Atomics.load(this.i32, DELAY);
    if (delay === 0) return;
    if (Atomics.load(this.i32, ASKED) === 0) Atomics.wait(this.i32, DELAY, delay, delay);
    // the delay is for one thread: the next one does not wait, unless this one fails and a new delay is set
    Atomics.compareExchange(this.i32, DELAY, delay, 0);
  }

  /** Called once by each thread that then calls `parkIfAsked` at every turn of its loop. */
  join(threadId: number): void {
    for (let slot = SLOTS; slot < this.i32.length; slot++)
      if (Atomics.compareExchange(this.i32, slot, 0, threadId) === 0) return;
  }

  /**
   * Never returns if the threads have been asked to park. Must not be called from within a callback of a socket.
   *
   * @param prepare closes the sockets that the thread could still read from: node turns the event loop of a thread once
   * more after it has been terminated
   */
  parkIfAsked(threadId: number, prepare: () => void = () => {}): void {
    if (Atomics.load(this.i32, ASKED) === 0) return;
    prepare();
    this.change(threadId, -threadId);
    for (;;) Atomics.wait(this.i32, ASKED, 1);
  }

  /** Frees the slot of a thread that has ended. */
  forget(threadId: number): void {
    this.change(threadId, 0);
    this.change(-threadId, 0);
  }

  /** Asks all threads to park. Does not wake those that sleep on other words. */
  ask(): void {
    Atomics.store(this.i32, ASKED, 1);
    this.delayNext(0);
  }

  /** Whether threads are running. */
  get running(): boolean {
    return this.slots().some((threadId) => threadId > 0);
  }

  get parked(): number[] {
    return this.slots().flatMap((threadId) => (threadId < 0 ? [-threadId] : []));
  }

  /** Blocks until all threads that have joined are parked, or the time is up. */
  waitBlocking(deadline: number): void {
    for (;;) {
      const seen = Atomics.load(this.i32, CHANGES);
      const left = deadline - performance.now();
      if (!this.running || left <= 0) return;
      waitFor(this.i32, CHANGES, seen, left);
    }
  }

  /** The same without blocking the event loop. */
  async wait(milliseconds: number): Promise<void> {
    const deadline = performance.now() + milliseconds;
    const sleeper = new Sleeper(this.i32, CHANGES, true);
    for (let left = milliseconds; this.running && left > 0; left = deadline - performance.now())
      await sleeper.sleep(left);
  }

  private slots(): number[] {
    return Array.from(this.i32.subarray(SLOTS), (_, index) => Atomics.load(this.i32, SLOTS + index));
  }

  private change(from: number, to: number): void {
    for (let slot = SLOTS; slot < this.i32.length; slot++)
      if (Atomics.compareExchange(this.i32, slot, from, to) === from) {
        raise(this.i32, CHANGES);
        return;
      }
  }
}
