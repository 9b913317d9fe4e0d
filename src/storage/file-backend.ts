import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Snapshot } from '../aggregate/snapshot';
import { warn } from '../warning';
import { StorageFailure } from './failure';
import { FileEncoder } from './file/encode';
import { FORMAT_VERSION } from './file/format';
import { Housekeeping } from './file/housekeeping';
import { WriterLock } from './file/lock';
import { fileName } from './file/names';
import { OutputFile } from './file/output';
import { attempt } from './file/problem';
import { queryDirectory } from './file/query';
import type { Attempt, BackendContext, CreateBackend, ResolvedQuery, StorageBackend, TimeSeries } from './types';

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

/** How often files are looked through that nobody writes to, if none is closed meanwhile. */
const TIDY_MS = 60_000;

export const createBackend: CreateBackend = (context) => new FileBackend(context);

/** The file that is being written, with what it takes to write to it. */
interface Current {
  output: OutputFile;
  encoder: FileEncoder;
  created: number;
  /** Of the last flush, and how many bytes it took. */
  timestamp: number;
  flushBytes: number;
}

class FileBackend implements StorageBackend {
  private readonly options: FileBackendOptions;
  private readonly housekeeping: Housekeeping;
  private lock: WriterLock | undefined;
  private current: Current | undefined;
  private sequence = 0;
  /** Settles when nothing is being written any more. */
  private writing: Promise<unknown> = Promise.resolve();
  private tidying: Promise<void> | undefined;
  private tidied = 0;
  private readonly closing = new AbortController();
  private readonly warned = new Set<string>();

  constructor(private readonly context: BackendContext) {
    this.options = context.options as FileBackendOptions;
    const { directory, maxAge, maxBytes, maxFileBytes, gzip, fsync } = this.options;
    this.housekeeping = new Housekeeping({
      directory,
      maxOtherBytes: maxBytes - maxFileBytes,
      maxAge,
      gzip,
      sync: fsync !== 'never',
      onProblem: (problem) => this.warn(problem),
    });
  }

  async open(): Promise<void> {
    const { directory } = this.options;
    await attempt('make the directory', directory, () => mkdir(directory, { recursive: true }));
    this.lock = await attempt('write to', directory, () => WriterLock.take(directory));
    await this.housekeeping.repair().catch((problem) => this.warn(problem));
    this.tidy();
  }

  /** Waits no longer than the signal allows; a system call that hangs goes on behind. */
  async store(snapshot: Snapshot, { signal }: Attempt): Promise<void> {
    const turn = this.writing.then(() => this.append(snapshot, signal));
    this.writing = turn.catch(() => {});
    await unlessAborted(turn, signal, this.options.directory);
    if (Date.now() - this.tidied >= TIDY_MS) this.tidy();
  }

  query(query: ResolvedQuery): Promise<TimeSeries[]> {
    return queryDirectory(this.options.directory, query);
  }

  async close(signal: AbortSignal): Promise<void> {
    this.closing.abort();
    const ended = Promise.all([this.writing, this.tidying]).then(() => this.end());
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
    const { timestamp } = snapshot;
    const current = await this.fileFor(timestamp);
    const { output, encoder } = current;
    const before = output.size;
    await output.append(encoder.encode(snapshot), this.options.fsync === 'flush', signal);
    encoder.keep();
    current.timestamp = timestamp;
    current.flushBytes = output.size - before;
  }

  private async fileFor(timestamp: number): Promise<Current> {
    if (!(await this.isInPlace())) await this.startOver();
    if (this.current !== undefined && this.isFull(this.current, timestamp)) await this.finish();
    this.current ??= await this.begin(timestamp);
    return this.current;
  }

  /** Whether lock and file are where they were put: the directory may have been removed, or moved away. */
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
    // it is not where it was put, or the file is not: the others may know already
    await lock?.release().catch(() => {});
    await this.open();
  }

  /** Within a file time does not go back: readers find their way by that. */
  private isFull({ output, created, timestamp: last, flushBytes }: Current, timestamp: number): boolean {
    const { maxFileBytes, maxFileAge } = this.options;
    if (output.size === 0) return timestamp < created;
    return output.size + flushBytes > maxFileBytes || timestamp - created >= maxFileAge || timestamp < last;
  }

  private async begin(created: number): Promise<Current> {
    const { directory, source, fsync } = this.options;
    const { writer } = this.lock!;
    const name = fileName(created, writer, ++this.sequence);
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
    return { output, encoder, created, timestamp: created, flushBytes: 0 };
  }

  private async finish(): Promise<void> {
    const { current } = this;
    this.current = undefined;
    await current?.output.close(this.options.fsync !== 'never');
  }

  /** Behind, one at a time: what goes wrong there concerns no snapshot, it is warned about once. */
  private tidy(): void {
    if (this.closing.signal.aborted || this.lock === undefined) return;
    this.tidied = Date.now();
    const { writer } = this.lock;
    this.tidying = Promise.resolve(this.tidying)
      .then(() => this.housekeeping.tidy(writer, this.sequence, this.closing.signal))
      .catch((problem) => this.warn(problem));
  }

  private warn({ message }: Error): void {
    if (this.closing.signal.aborted || this.warned.has(message)) return;
    this.warned.add(message);
    warn('RINGMETER_STORAGE_FAILED', message);
  }
}

async function unlessAborted(action: Promise<void>, signal: AbortSignal, directory: string): Promise<void> {
  let stop = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () =>
      reject(
        new StorageFailure(`FileStorage could not write to ${directory} within the timeout.`, { retryable: true }),
      );
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
  });
  try {
    await Promise.race([action, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
