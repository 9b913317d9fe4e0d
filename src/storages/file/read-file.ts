import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { messageOf, RingmeterError } from '../../common/errors';
import type { Budget } from '../../query/budget';
import { FileDecoder, isValues, type StoredFlush, type Wanted } from './decode';
import { type Group, readGroups } from './groups';
import type { FileName } from './names';
import { fileFailure, isMissing } from './problem';
import { openRegular } from './regular';
import { TooLarge } from './too-large';

const CHUNK = 2 ** 20;
/** A compressed file may unpack to the larger of these: bytes, and so many times its size. Metrics come to about 20. */
const MOST_UNPACKED = 2 ** 30;
const MOST_RATIO = 200;
/** Most damaged flushes that are reported of one file; a file with more was not written by this storage. */
const MOST_DAMAGES = 1_000;

/** A part of a file that is skipped because it is damaged, or larger than the reader's bounds. */
export interface Damage {
  file: string;
  /** Where in the (decompressed) file the damaged flush begins. */
  offset: number;
  code: 'RINGMETER_FILE_DAMAGED' | 'RINGMETER_FILE_TOO_LARGE';
  reason: string;
}

/** Reads one file, and later what has been written to it since. */
export class FileReader {
  /** Behind the last flush that was read, in the decompressed file. */
  private offset = 0;
  /** Nothing more can be read: the file cannot be decoded, or it is compressed and has been read to its end. */
  private ended = false;
  private damages = 0;
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
   * The flushes after those of the last call. The memory of each line is charged to the budget before the next is read:
   * values until the next flush is requested, declarations of metrics and series until the end of the file. No flushes
   * if the file has been removed meanwhile.
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
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof TooLarge) this.giveUp(error);
    // errors of the budget are not the file's fault
    else if (typeof code !== 'string' || error instanceof RingmeterError) throw error;
    else if (code.startsWith('Z_')) this.giveUp(new Error(`it cannot be decompressed: ${messageOf(error)}`));
    else throw fileFailure('read', join(this.directory, this.file.name), error);
  }

  private decode(group: Group): StoredFlush | undefined {
    if (!group.whole) {
      if (++this.damages > MOST_DAMAGES) {
        this.giveUp(new TooLarge(`more than ${MOST_DAMAGES} of its flushes are damaged`));
        return undefined;
      }
      const { flush } = group.flush;
      if (group.tooLarge) this.damaged(new TooLarge(`flush ${flush} has a line that exceeds the limit of reading`));
      else this.damaged(new Error(`flush ${flush} differs from the written data: its size or checksum is wrong`));
      return undefined;
    }
    try {
      return this.decoder.decode(group);
    } catch (error) {
      this.giveUp(error);
      return undefined;
    }
  }

  private giveUp(reason: unknown): void {
    this.ended = true;
    this.damaged(reason);
  }

  private damaged(reason: unknown): void {
    const code = reason instanceof TooLarge ? 'RINGMETER_FILE_TOO_LARGE' : 'RINGMETER_FILE_DAMAGED';
    this.onDamage({ file: join(this.directory, this.file.name), offset: this.offset, code, reason: messageOf(reason) });
  }

  /** The decompressed bytes from an offset on. The file may have been compressed since the last call. */
  private async chunks(start: number): Promise<{ bytes: AsyncIterable<Buffer>; closed: boolean } | undefined> {
    const path = join(this.directory, this.file.stem);
    const plain = await this.openIfThere(path);
    if (plain !== undefined) return { bytes: plain.createReadStream({ start, highWaterMark: CHUNK }), closed: false };
    const zipped = await this.openIfThere(`${path}.gz`);
    if (zipped === undefined) return undefined;
    const most = Math.max(MOST_UNPACKED, MOST_RATIO * (await zipped.stat()).size);
    return { bytes: skip(bounded(decompress(zipped), most), start), closed: true };
  }

  private async openIfThere(path: string): Promise<FileHandle | undefined> {
    try {
      const handle = await openRegular(path);
      if (handle === undefined) this.giveUp(new Error('it is not a regular file'));
      return handle;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw fileFailure('read', path, error);
    }
  }
}

/** Bytes of memory per byte of a line: as read, as parsed, and as numbers. */
const BYTES_OF_LINE = 5;

/** The memory that the lines of one file hold from a budget. */
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
  // errors are thrown to the reader of the stream
  return pipeline(file.createReadStream({ highWaterMark: CHUNK }), unzip, () => {});
}

/** @throws TooLarge after `most` bytes */
async function* bounded(chunks: AsyncIterable<Buffer>, most: number): AsyncGenerator<Buffer, void> {
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.length;
    if (length > most) throw new TooLarge(`it unpacks to more than ${most} bytes`);
    yield chunk;
  }
}

async function* skip(chunks: AsyncIterable<Buffer>, bytes: number): AsyncGenerator<Buffer, void> {
  for await (const chunk of chunks) {
    const skipped = Math.min(bytes, chunk.length);
    bytes -= skipped;
    if (skipped < chunk.length) yield chunk.subarray(skipped);
  }
}
