import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { RingmeterError } from '../../common/errors';
import { onAbort } from '../../common/on-abort';
import { StorageFailure } from '../../common/storage-failure';
import { warn } from '../../common/warning';
import type {
  Attempt,
  BackendContext,
  CreateBackend,
  ResolvedQuery,
  StorageBackend,
  TimeSeries,
} from '../../delivery/types';
import { Budget } from '../../query/budget';
import type { Snapshot } from '../../snapshot/snapshot';
import { READING_LIMITS } from '../reading-limits';
import { FileEncoder } from './encode';
import { FORMAT_VERSION } from './format';
import { Housekeeping } from './housekeeping';
import { WriterLock } from './lock';
import { fileName } from './names';
import { OutputFile } from './output';
import { attempt } from './problem';
import { queryDirectory } from './query';
import { Room } from './room';
import { WriterDirectory } from './writer-directory';

/** What `FileStorage` sends to the workers. Ages in milliseconds. */
export interface FileBackendOptions {
  directory: string;
  source: string;
  maxFileBytes: number;
  maxFileAge: number;
  maxBytes: number;
  maxAge: number;
  gzip: boolean;
  fsync: 'flush' | 'close' | 'never';
}

/** How long opening waits for the repair of dead writers' files. A longer repair goes on in the background. */
const REPAIR_MS = 1_000;
/** Milliseconds between two housekeeping runs while no file is closed; closing a file starts one as well. */
const TIDY_MS = 60_000;

export const createBackend: CreateBackend = (context) => new FileBackend(context);

/** The file that is being written, and the state of its writer. */
interface Current {
  output: OutputFile;
  encoder: FileEncoder;
  created: number;
  /** Of the last flush, and how many bytes it took. */
  timestamp: number;
  flushBytes: number;
  /** A new file must be begun, because this one has no room to grow. */
  isFull: boolean;
}

class FileBackend implements StorageBackend {
  private readonly options: FileBackendOptions;
  private readonly directory: WriterDirectory;
  private readonly room: Room;
  private readonly housekeeping: Housekeeping;
  private opening: Promise<void> | undefined;
  private lock: WriterLock | undefined;
  private current: Current | undefined;
  private sequence = 0;
  /** Bytes of the largest flush so far. */
  private largest = 0;
  /** Settles when nothing is being written any more. */
  private writing: Promise<unknown> = Promise.resolve();
  /** Settles when the running housekeeping has ended; and the run after that, if one is requested. */
  private tidying: Promise<void> = Promise.resolve();
  private tidyingNext: Promise<void> | undefined;
  private tidied = 0;
  private readonly closing = new AbortController();
  private readonly warned = new Set<string>();

  constructor(private readonly context: BackendContext) {
    this.options = context.options as FileBackendOptions;
    const { directory, gzip, fsync } = this.options;
    this.directory = new WriterDirectory(directory, (problem) => this.warn(problem));
    this.room = new Room(this.directory, this.options);
    const sync = fsync !== 'never';
    this.housekeeping = new Housekeeping({ directory: this.directory, room: this.room, gzip, sync });
  }

  /** If an earlier attempt is still hanging, waits for that attempt instead of making a second lock. */
  async open(signal?: AbortSignal): Promise<void> {
    this.opening ??= this.takeLock().finally(() => {
      this.opening = undefined;
    });
    await (signal === undefined ? this.opening : unlessAborted(this.opening, signal, this.options.directory));
  }

  private async takeLock(): Promise<void> {
    const { directory } = this.options;
    await attempt('make the directory', directory, () => mkdir(directory, { recursive: true }));
    this.lock ??= await attempt('write to', directory, () => WriterLock.take(directory));
    this.directory.writer = this.lock.writer;
    this.tidy();
    const waited = new AbortController();
    await Promise.race([this.housekeeping.repairedOnce, sleep(REPAIR_MS, undefined, waited).catch(() => {})]);
    waited.abort();
  }

  /** Waits until the signal at most; a system call that hangs continues in the background. */
  async store(snapshot: Snapshot, { signal }: Attempt): Promise<void> {
    const turn = this.writing.then(() => this.append(snapshot, signal));
    this.writing = turn.catch(() => {});
    await unlessAborted(turn, signal, this.options.directory);
    if (performance.now() - this.tidied >= TIDY_MS) this.tidy();
  }

  async query(query: ResolvedQuery): Promise<TimeSeries[]> {
    const { signal } = this.closing;
    // a closed storage can still be read; closing only aborts the queries that are running
    return queryDirectory(
      this.options.directory,
      query,
      new Budget(READING_LIMITS, signal.aborted ? undefined : signal),
    );
  }

  async close(signal: AbortSignal): Promise<void> {
    this.closing.abort(new RingmeterError('RINGMETER_CLOSED', 'the storage has been closed'));
    const ended = Promise.all([this.writing, this.tidying, this.tidyingNext]).then(() => this.end());
    await unlessAborted(ended, signal, this.options.directory);
  }

  private async end(): Promise<void> {
    try {
      await this.finish();
    } finally {
      const { lock } = this;
      this.lock = undefined;
      await attempt('remove its lock from', this.options.directory, async () => lock?.release());
    }
  }

  private async append(snapshot: Snapshot, signal: AbortSignal): Promise<void> {
    const current = await this.fileFor(snapshot.timestamp);
    try {
      await this.write(current, snapshot, { most: this.expected, signal });
    } catch (error) {
      if (error instanceof LargeFlush) await this.appendLarge(current, snapshot, signal);
      else if (error instanceof NoRoom) await this.append(snapshot, signal);
      else throw error;
    }
  }

  /** The size up to which a file may grow by a flush whose size is not known beforehand, in bytes. */
  private get expected(): number {
    const { maxBytes, maxFileBytes } = this.options;
    return Math.min(Math.max(maxFileBytes, 2 * this.largest), maxBytes);
  }

  /** Computes the flush's size first, so that older files are removed only if the flush can be written. */
  private async appendLarge(current: Current, snapshot: Snapshot, signal: AbortSignal): Promise<void> {
    const { directory, maxBytes } = this.options;
    const bytes = await sizeOf(current.encoder.encode(snapshot));
    const size = current.output.size + bytes;
    if (size <= maxBytes) return this.write(current, snapshot, { most: size, signal });
    current.isFull = true;
    if (current.output.size > 0) return this.append(snapshot, signal);
    throw new StorageFailure(
      `FileStorage could not write a flush of ${bytes} bytes to ${directory}: maxBytes is ${maxBytes}. Raise maxBytes, or record fewer series.`,
      { retryable: false },
    );
  }

  /** @throws LargeFlush if the file would have more than `most` bytes; NoRoom */
  private async write(current: Current, snapshot: Snapshot, { most, signal }: WriteLimits): Promise<void> {
    const { output, encoder } = current;
    const before = output.size;
    const grant = async (size: number): Promise<void> => {
      if (size > most) throw new LargeFlush();
      if (await this.room.grant('file', size)) return;
      // closing this file makes it removable; a flush alone in its file is written even beyond `maxBytes`
      current.isFull = before > 0;
      if (current.isFull) throw new NoRoom();
    };
    await output.append(encoder.encode(snapshot), this.options.fsync === 'flush', signal, grant);
    encoder.keep();
    current.timestamp = snapshot.timestamp;
    current.flushBytes = output.size - before;
    this.largest = Math.max(this.largest, current.flushBytes);
  }

  private async fileFor(timestamp: number): Promise<Current> {
    if (!(await this.isInPlace())) await this.startOver();
    if (this.current !== undefined && this.isFull(this.current, timestamp)) await this.finish();
    this.current ??= await this.begin(timestamp);
    return this.current;
  }

  /** Whether lock and file are still at their paths: the directory may have been removed or moved. */
  private async isInPlace(): Promise<boolean> {
    const { lock, current } = this;
    return attempt('find its files in', this.options.directory, async () => {
      if (lock === undefined || !(await lock.isHeld())) return false;
      return current === undefined || (await current.output.isInPlace());
    });
  }

  private async startOver(): Promise<void> {
    const { current, lock } = this;
    this.current = undefined;
    this.lock = undefined;
    await current?.output.discard();
    this.room.release('file');
    // lock or file has been moved or removed; other writers may already take this one for dead
    await lock?.release().catch(() => {});
    await this.takeLock();
  }

  /** Also true if time has gone back: readers rely on ascending timestamps within a file. */
  private isFull({ output, created, timestamp: last, flushBytes, isFull }: Current, timestamp: number): boolean {
    const { maxFileBytes, maxFileAge } = this.options;
    if (isFull) return true;
    if (output.size === 0) return timestamp < created;
    return output.size + flushBytes > maxFileBytes || timestamp - created >= maxFileAge || timestamp < last;
  }

  private async begin(created: number): Promise<Current> {
    const { directory, source, fsync } = this.options;
    const { writer } = this.lock!;
    const name = fileName(created, writer, ++this.sequence);
    this.directory.sequence = this.sequence;
    const output = await OutputFile.create(join(directory, name), fsync === 'flush');
    if (this.sequence > 1) this.tidy();
    const encoder = new FileEncoder({
      ringmeter: FORMAT_VERSION,
      created,
      source,
      writer,
      storage: this.context.name,
      host: hostname(),
      pid: process.pid,
    });
    return { output, encoder, created, timestamp: created, flushBytes: 0, isFull: false };
  }

  private async finish(): Promise<void> {
    const { current } = this;
    this.current = undefined;
    try {
      await current?.output.close(this.options.fsync !== 'never');
    } finally {
      this.directory.sequence = this.sequence + 1;
      this.room.release('file');
    }
  }

  /** Runs housekeeping in the background, one run at a time. A failure affects no snapshot: it is warned about once. */
  private tidy(): void {
    if (this.closing.signal.aborted || this.lock === undefined) return;
    this.tidied = performance.now();
    this.tidyingNext ??= this.tidying.then(() => {
      this.tidying = this.tidyingNext!;
      this.tidyingNext = undefined;
      return this.housekeeping.tidy(this.closing.signal).catch((problem) => this.warn(problem));
    });
  }

  private warn({ message }: Error): void {
    if (this.closing.signal.aborted || this.warned.has(message)) return;
    this.warned.add(message);
    warn('RINGMETER_STORAGE_FAILED', message);
  }
}

async function sizeOf(pieces: Iterable<Buffer>): Promise<number> {
  let bytes = 0;
  for (const piece of pieces) {
    bytes += piece.length;
    await setImmediate();
  }
  return bytes;
}

interface WriteLimits {
  /** Bytes of the file. */
  most: number;
  signal: AbortSignal;
}

/** A flush does not fit into a file as large as `maxFileBytes`. */
class LargeFlush extends StorageFailure {
  constructor() {
    super('the flush is larger than maxFileBytes', { retryable: true });
  }
}

/** A file cannot grow: the files of other live writers take the rest of `maxBytes`. */
class NoRoom extends StorageFailure {
  constructor() {
    super('the files of other running writers leave no room below maxBytes', { retryable: true });
  }
}

async function unlessAborted(action: Promise<void>, signal: AbortSignal, directory: string): Promise<void> {
  let off = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    const stop = (): void =>
      reject(
        new StorageFailure(`FileStorage could not write to ${directory} within the timeout.`, { retryable: true }),
      );
    off = onAbort(signal, stop);
    if (signal.aborted) stop();
  });
  try {
    await Promise.race([action, aborted]);
  } finally {
    off();
  }
}
