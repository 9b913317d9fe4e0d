import { sharedMemory } from '../atomics/shared-memory';
import { ProcFile } from './proc-file';

/** The last observed stall of an event loop that lasted longer than `stallThreshold`. */
export interface StallStack {
  /** 'main', or the number that is the label `thread` of other threads. */
  readonly thread: string;
  /** Its duration when it was last observed. */
  readonly seconds: number;
  /** The stack of the blocked thread, innermost call first; or the reason why it is unknown. */
  readonly stack: string;
  /** When it was noticed, in wall-clock milliseconds. */
  readonly at: number;
}

const TEXT_BYTES = 32 * 1024;
/** Bytes: the workers' CPU time (int64, nanoseconds); version and length of the text; a claim per shard; the text. */
const VERSION = 8;
const LENGTH = 12;
const CLAIMS = 16;

/** State that a collector's flush workers share beside its arena; a worker that replaces another continues with it. */
export class WorkerBoard {
  private readonly i32: Int32Array;
  private readonly cpu: BigInt64Array;
  private readonly text: Uint8Array;
  /** Only on flush workers: the CPU time of other threads is not counted here. */
  private readonly ownTime = new ProcFile('/proc/thread-self/schedstat');
  private seenTime = 0n;

  static create(maxThreads: number): SharedArrayBuffer {
    return sharedMemory(CLAIMS + maxThreads * 4 + TEXT_BYTES, 'maxThreads');
  }

  constructor(buffer: SharedArrayBuffer) {
    this.i32 = new Int32Array(buffer);
    this.cpu = new BigInt64Array(buffer, 0, 1);
    this.text = new Uint8Array(buffer, buffer.byteLength - TEXT_BYTES);
  }

  /** Adds the CPU time of the calling thread since its last call. */
  addCpuTime(): void {
    const time = this.threadTime();
    Atomics.add(this.cpu, 0, time - this.seenTime);
    this.seenTime = time;
  }

  /** CPU time of all workers, including ended ones, as of each worker's last `addCpuTime`. */
  get cpuSeconds(): number {
    return Number(Atomics.load(this.cpu, 0)) / 1e9;
  }

  /** CPU time in nanoseconds, from the scheduler (Linux). */
  private threadTime(): bigint {
    const text = this.ownTime.read();
    return text === undefined ? this.seenTime : BigInt(/^\d+/.exec(text)?.[0] ?? this.seenTime);
  }

  /** Claims a shard's stall that began at `since`. @returns true for exactly one of all workers */
  claimStall(shard: number, since: number): boolean {
    const index = CLAIMS / 4 + shard;
    const id = Math.trunc(since) | 0;
    const seen = Atomics.load(this.i32, index);
    return seen !== id && Atomics.compareExchange(this.i32, index, seen, id) === seen;
  }

  /** Written by the worker that claimed the stall. Of two concurrent stalls, the last writer wins. */
  set lastStall(stall: StallStack) {
    // truncated so that it fits even if every character takes four bytes, or six in JSON
    const bytes = Buffer.from(JSON.stringify({ ...stall, stack: stall.stack.slice(0, 5_000) }));
    const { i32 } = this;
    Atomics.store(i32, LENGTH / 4, 0);
    this.text.set(bytes.subarray(0, TEXT_BYTES));
    Atomics.add(i32, VERSION / 4, 1);
    Atomics.store(i32, LENGTH / 4, bytes.length);
  }

  /** Undefined if there has been none, or while it is being written. */
  get lastStall(): StallStack | undefined {
    const { i32 } = this;
    const version = Atomics.load(i32, VERSION / 4);
    const length = Atomics.load(i32, LENGTH / 4);
    const text = Buffer.from(this.text.slice(0, length)).toString();
    const stable = Atomics.load(i32, LENGTH / 4) === length && Atomics.load(i32, VERSION / 4) === version;
    return length === 0 || !stable ? undefined : JSON.parse(text);
  }

  close(): void {
    this.ownTime.close();
  }
}
