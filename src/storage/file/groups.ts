import { crc32 } from 'node:zlib';
import { FLUSH_START, type FlushLine, seal } from './format';

const NEWLINE = 10;

/** The lines of one flush, with what is new in it to the file. */
export interface Group {
  /** Without the line breaks and without the flush's own line. */
  lines: Buffer[];
  flush: FlushLine;
  /** Whether the lines are those that were written. */
  whole: boolean;
  /** Offset behind it, from the beginning of what is read. */
  end: number;
}

/**
 * Splits a file into its flushes. What stands behind the last flush's line is left out: a flush that is being written, or
 * that was when its writer was killed.
 */
export async function* readGroups(chunks: AsyncIterable<Buffer>): AsyncGenerator<Group, void> {
  let lines: Buffer[] = [];
  let rest: Buffer = Buffer.alloc(0);
  let end = 0;
  for await (const chunk of chunks) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let start = 0;
    for (let stop = bytes.indexOf(NEWLINE); stop !== -1; stop = bytes.indexOf(NEWLINE, start)) {
      const line = bytes.subarray(start, stop);
      end += stop + 1 - start;
      start = stop + 1;
      const flush = parseFlush(line);
      if (flush === undefined) {
        lines.push(line);
        continue;
      }
      yield { lines, flush, whole: isWhole(lines, flush), end };
      lines = [];
    }
    rest = bytes.subarray(start);
  }
}

/** @returns undefined if the line is not the last one of a flush */
export function parseFlush(line: Buffer): FlushLine | undefined {
  if (!line.subarray(0, FLUSH_START.length).equals(FLUSH_START)) return undefined;
  try {
    return JSON.parse(line.toString()) as FlushLine;
  } catch {
    return undefined;
  }
}

const BREAK = Buffer.from([NEWLINE]);

function isWhole(lines: readonly Buffer[], flush: FlushLine): boolean {
  let bytes = 0;
  let checksum = 0;
  for (const line of lines) {
    bytes += line.length + 1;
    checksum = crc32(BREAK, crc32(line, checksum));
  }
  return bytes === flush.bytes && seal(checksum, flush) === flush.crc32;
}
