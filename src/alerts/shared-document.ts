import { sharedMemory } from '../atomics/shared-memory';

/*
 * The bytes of a document, in one SharedArrayBuffer:
 *
 *     0  version   int32, atomic: number of writes; its lowest bit selects the current half
 *     4  lengths   two int32, in bytes
 *    16  halves    two, of the same size: JSON in UTF-8
 *
 * A writer fills the half that is not current, then makes it current with one atomic store: if the thread is
 * terminated, readers see either the old value or the new one.
 */
const VERSION = 0;
const LENGTHS = 1;
const HALVES = 16;

/** Retries of a reader that is disturbed by concurrent writes. */
const ATTEMPTS = 100;

/** A value that one thread at a time writes and any thread reads, never torn. */
export class SharedDocument<T> {
  private readonly i32: Int32Array;
  private readonly bytes: Uint8Array;
  private readonly half: number;
  private known: { version: number; value: T } | undefined;

  constructor(buffer: SharedArrayBuffer) {
    this.half = (buffer.byteLength - HALVES) / 2;
    this.i32 = new Int32Array(buffer, 0, LENGTHS + 2);
    this.bytes = new Uint8Array(buffer, HALVES);
  }

  /** @param capacity the most bytes that one value may have */
  static allocate(capacity: number): SharedArrayBuffer {
    return sharedMemory(HALVES + 2 * capacity, 'maxMemory');
  }

  /** Changes whenever the value does; 0 = there is none. */
  get version(): number {
    return Atomics.load(this.i32, VERSION);
  }

  /** Only one thread at a time may call this, after it has read the last value. @throws Error if it has no room */
  write(value: T): void {
    const bytes = this.encode(value);
    const version = this.version + 1;
    const side = version & 1;
    this.bytes.set(bytes, side * this.half);
    this.i32[LENGTHS + side] = bytes.length;
    Atomics.store(this.i32, VERSION, version);
  }

  /** @throws Error if a value has no room */
  check(value: T): void {
    this.encode(value);
  }

  private encode(value: T): Buffer {
    const bytes = Buffer.from(JSON.stringify(value));
    if (bytes.length > this.half)
      throw new Error(`a document of ${bytes.length} bytes does not fit into its ${this.half} bytes of shared memory`);
    return bytes;
  }

  /** The value written last; undefined if there is none. Callers share the object: do not modify it. */
  read(): T | undefined {
    for (let attempt = 0; ; attempt++) {
      const { version } = this;
      if (version === 0) return undefined;
      if (this.known?.version === version) return this.known.value;
      const text = this.copy(version & 1);
      if (this.version === version) {
        this.known = { version, value: JSON.parse(text) as T };
        return this.known.value;
      }
      if (attempt === ATTEMPTS)
        throw new Error(`a shared document could not be read: it changed during each of ${ATTEMPTS} attempts`);
    }
  }

  private copy(side: number): string {
    const start = side * this.half;
    // copied: decoders do not accept shared memory
    return Buffer.from(this.bytes.slice(start, start + this.i32[LENGTHS + side])).toString('utf8');
  }
}
