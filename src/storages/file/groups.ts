import { crc32 } from 'node:zlib';
import type { Budget } from '../../query/budget';
import { FLUSH_START, type FlushLine, seal } from './format';
import { HeldBytes, TooLarge } from './too-large';

const NEWLINE = 10;
const BRACE = 123;
/** Most bytes of one line. Writers stay far below; a foreign file under this name may not. */
const MOST_LINE = 2 ** 26;
const NUMBERS = ['flush', 'time', 'series', 'bytes', 'crc32'] as const;
/** The last moment that a Date can be. */
const LATEST = 8.64e15;
/** Work of finding and checking a line, in steps of some nanoseconds. */
const WORK_OF_LINE = 200;
const BYTES_OF_WORK = 8;

/** The lines of one flush, with what is new in it to the file. */
export interface Group {
  /** Without the line breaks and without the flush's own line. */
  lines: Buffer[];
  flush: FlushLine;
  /** Whether the lines are those that were written. */
  whole: boolean;
  /** Whether a line exceeds the longest that is read; then `whole` is false, too. */
  tooLarge: boolean;
  /** Offset behind it, from the beginning of what is read. */
  end: number;
}

/**
 * Splits a file into its flushes. Bytes after the last complete flush are ignored: they belong to a flush that is still
 * being written, or whose writer was killed. Takes linear time and bounded memory, whatever the bytes are.
 * Throws TooLarge where the kept lines of one flush would exceed the memory bound.
 *
 * @param keeps which lines are kept in the groups; if left out, none: only the ends of the groups are wanted
 * @param budget lets the event loop turn
 */
export async function* readGroups(
  chunks: AsyncIterable<Buffer>,
  keeps?: (line: Buffer) => boolean,
  budget?: Budget,
): AsyncGenerator<Group, void> {
  let group = new GroupReader(keeps);
  let end = 0;
  for await (const line of readLines(chunks)) {
    end += line.length + 1;
    if (budget?.spend(WORK_OF_LINE + line.length / BYTES_OF_WORK)) await budget.turn();
    const flush = line.bytes && parseFlush(line.bytes);
    if (flush === undefined) {
      group.add(line);
      continue;
    }
    yield { lines: group.lines, flush, whole: group.isWhole(flush), tooLarge: group.tooLarge, end };
    group = new GroupReader(keeps);
  }
}

/** A line without its line break. */
interface Line {
  length: number;
  /** Undefined if the line is longer than any that is written. */
  bytes: Buffer | undefined;
}

async function* readLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Line, void> {
  let parts: Buffer[] = [];
  let length = 0;
  const take = (part: Buffer): void => {
    length += part.length;
    if (length > MOST_LINE) parts = [];
    else if (part.length > 0) parts.push(part);
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let stop = chunk.indexOf(NEWLINE); stop !== -1; stop = chunk.indexOf(NEWLINE, start)) {
      take(chunk.subarray(start, stop));
      yield { length, bytes: length > MOST_LINE ? undefined : parts.length === 1 ? parts[0] : Buffer.concat(parts) };
      parts = [];
      length = 0;
      start = stop + 1;
    }
    take(chunk.subarray(start));
  }
}

/** @returns undefined if the line is not the last one of a flush */
export function parseFlush(line: Buffer): FlushLine | undefined {
  if (!line.subarray(0, FLUSH_START.length).equals(FLUSH_START)) return undefined;
  try {
    const flush = JSON.parse(line.toString()) as FlushLine;
    return NUMBERS.every((name) => Number.isSafeInteger(flush[name])) && flush.time <= LATEST ? flush : undefined;
  } catch {
    return undefined;
  }
}

const BREAK = Buffer.from([NEWLINE]);

/** Collects the lines of one flush, and their checksum. */
class GroupReader {
  lines: Buffer[] = [];
  private bytes = 0;
  private checksum = 0;
  tooLarge = false;
  private isForeign = false;
  private readonly held = new HeldBytes();

  constructor(private readonly keeps: ((line: Buffer) => boolean) | undefined) {}

  add({ length, bytes }: Line): void {
    this.bytes += length + 1;
    // counts lines that are not kept as well: there may be a billion empty ones
    if (this.keeps !== undefined && !this.held.hasRoom(length))
      throw new TooLarge('the lines of a flush exceed the limit of reading');
    if (bytes === undefined) this.tooLarge = true;
    // no writer writes such a line; it is not kept, since there may be millions of empty ones
    else if (bytes[0] !== BRACE) this.isForeign = true;
    if (this.tooLarge || this.isForeign) {
      this.lines = [];
      return;
    }
    this.checksum = crc32(BREAK, crc32(bytes!, this.checksum));
    if (!this.keeps?.(bytes!)) return;
    // copied: a view would keep the whole chunk in memory
    this.lines.push(Buffer.from(bytes!));
  }

  isWhole(flush: FlushLine): boolean {
    return (
      !this.tooLarge && !this.isForeign && this.bytes === flush.bytes && seal(this.checksum, flush) === flush.crc32
    );
  }
}
