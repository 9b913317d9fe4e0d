import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { RingmeterError } from '../../errors';
import type { Budget } from '../../query/budget';
import { FileDecoder, isValues, type StoredFlush, type Wanted } from './decode';
import { type Group, readGroups } from './groups';
import type { FileName } from './names';
import { fileFailure, isMissing } from './problem';
import { openRegular } from './regular';

const CHUNK = 2 ** 20;

/** A part of a file that is left out because it is not what was written. */
export interface Damage {
  file: string;
  /** Where in the (decompressed) file the damaged flush begins. */
  offset: number;
  reason: string;
}

/** Reads one file, and later what has been written to it since. */
export class FileReader {
  /** Behind the last flush that was read, in the decompressed file. */
  private offset = 0;
  /** Nothing more will come of it: it is damaged beyond understanding, or compressed and read to the end. */
  private ended = false;
  private readonly decoder: FileDecoder;

  constructor(
    private readonly directory: string,
    private readonly file: FileName,
    wanted: Wanted,
    private readonly onDamage: (damage: Damage) => void,
    private readonly budget?: Budget,
  ) {
    this.decoder = new FileDecoder(wanted);
  }

  /**
   * The flushes from where the last call ended. What a line takes is asked for before it is read further: a flush's
   * values until the next one is wanted, what a metric and its series are until the file has ended. None if the file has been
   * removed in the meantime.
   */
  async *flushes(): AsyncGenerator<StoredFlush, void> {
    const start = this.offset;
    const chunks = this.ended ? undefined : await this.chunks(start);
    if (chunks === undefined) return;
    const { bytes, closed } = chunks;
    const charges = new Charges(this.budget);
    const keeps = (line: Buffer): boolean => this.decoder.needs(line) && charges.add(line);
    try {
      for await (const group of readGroups(bytes, keeps, this.budget)) {
        const flush = this.decode(group);
        this.offset = start + group.end;
        if (flush !== undefined) yield flush;
        if (this.ended) return;
        charges.endFlush();
      }
      this.ended = closed;
    } catch (error) {
      this.failed(error);
    } finally {
      charges.endFile();
    }
  }

  private failed(error: unknown): void {
    const { code, message } = error as NodeJS.ErrnoException;
    // what the budget throws is no fault of the file
    if (typeof code !== 'string' || error instanceof RingmeterError) throw error;
    if (!code.startsWith('Z_')) throw fileFailure('read', join(this.directory, this.file.name), error);
    this.giveUp(`it cannot be decompressed: ${message}`);
  }

  private decode(group: Group): StoredFlush | undefined {
    if (!group.whole) {
      this.damaged(`flush ${group.flush.flush} does not have the bytes that were written`);
      return undefined;
    }
    try {
      return this.decoder.decode(group);
    } catch (error) {
      this.giveUp((error as Error).message);
      return undefined;
    }
  }

  private giveUp(reason: string): void {
    this.ended = true;
    this.damaged(reason);
  }

  private damaged(reason: string): void {
    this.onDamage({ file: join(this.directory, this.file.name), offset: this.offset, reason });
  }

  /** The decompressed bytes from an offset on, compressed or not: that may change between two looks. */
  private async chunks(start: number): Promise<{ bytes: AsyncIterable<Buffer>; closed: boolean } | undefined> {
    const path = join(this.directory, this.file.stem);
    const plain = await this.openIfThere(path);
    if (plain !== undefined) return { bytes: plain.createReadStream({ start, highWaterMark: CHUNK }), closed: false };
    const zipped = await this.openIfThere(`${path}.gz`);
    return zipped && { bytes: skip(decompress(zipped), start), closed: true };
  }

  private async openIfThere(path: string): Promise<FileHandle | undefined> {
    try {
      const handle = await openRegular(path);
      if (handle === undefined) this.giveUp('it is not a regular file');
      return handle;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw fileFailure('read', path, error);
    }
  }
}

/** Bytes that a line takes for each of its own: as it is read, parsed, and as numbers. */
const BYTES_OF_LINE = 5;

/** What the lines of one file take of a budget. */
class Charges {
  private flush = 0;
  private file = 0;

  constructor(private readonly budget: Budget | undefined) {}

  add(line: Buffer): true {
    const bytes = BYTES_OF_LINE * line.length;
    this.budget?.holdBytes(bytes);
    if (isValues(line)) this.flush += bytes;
    else this.file += bytes;
    return true;
  }

  endFlush(): void {
    this.budget?.releaseBytes(this.flush);
    this.flush = 0;
  }

  endFile(): void {
    this.endFlush();
    this.budget?.releaseBytes(this.file);
    this.file = 0;
  }
}

function decompress(file: FileHandle): AsyncIterable<Buffer> {
  const unzip = createGunzip({ chunkSize: CHUNK });
  // what goes wrong is thrown where the stream is read
  return pipeline(file.createReadStream({ highWaterMark: CHUNK }), unzip, () => {});
}

async function* skip(chunks: AsyncIterable<Buffer>, bytes: number): AsyncGenerator<Buffer, void> {
  for await (const chunk of chunks) {
    const skipped = Math.min(bytes, chunk.length);
    bytes -= skipped;
    if (skipped < chunk.length) yield chunk.subarray(skipped);
  }
}
