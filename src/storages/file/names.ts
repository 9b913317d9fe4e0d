/**
 * Names in a directory of metrics; docs/storage-file.md is their specification. Sorted by name, files are sorted by time.
 *
 *     ringmeter-20250131T101112123Z-WRITER-000001.jsonl   one file, closed or being written
 *     ringmeter-20250131T101112123Z-WRITER-000001.jsonl.gz   the same, closed and compressed
 *     ringmeter-WRITER.lock   a socket that answers while the writer lives
 *     anything.tmp   unfinished; abandoned when an hour old
 */
const FILE = /^(ringmeter-(\d{8}T\d{9}Z)-([0-9a-f]{16})-(\d{6,})\.jsonl)(\.gz)?$/;
const LOCK = /^ringmeter-([0-9a-f]{16})\.lock$/;
const TEMPORARY = /^ringmeter-.*\.tmp$/;
const COMPACT_TIME = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z$/;

/** One file of metrics, by what its name tells. */
export interface FileName {
  /** The name on the disk. */
  name: string;
  /** The name without `.gz`: the same before and after compression. */
  stem: string;
  /** Timestamp of the first flush in it, wall-clock milliseconds. No flush in it is older. */
  created: number;
  writer: string;
  sequence: number;
  gzipped: boolean;
}

/** What there is in a directory. */
export interface Listing {
  /** Oldest first. A file that exists both plain and compressed is listed as compressed. */
  files: FileName[];
  /** Writers whose lock is there. */
  locked: Set<string>;
  temporary: string[];
  /** Plain files that also exist compressed: their compressor has not removed them yet. */
  superseded: FileName[];
}

export function fileName(created: number, writer: string, sequence: number): string {
  const time = new Date(created).toISOString().replace(/[-:.]/g, '');
  return `ringmeter-${time}-${writer}-${String(sequence).padStart(6, '0')}.jsonl`;
}

export function lockName(writer: string): string {
  return `ringmeter-${writer}.lock`;
}

export function sortNames(names: readonly string[]): Listing {
  const files = new Map<string, FileName>();
  const locked = new Set<string>();
  const temporary: string[] = [];
  const superseded: FileName[] = [];
  for (const name of [...names].sort()) {
    const file = parseFileName(name);
    const [, lock] = LOCK.exec(name) ?? [];
    if (file !== undefined) {
      const plain = files.get(file.stem);
      if (plain !== undefined) superseded.push(plain);
      files.set(file.stem, file);
    } else if (lock !== undefined) locked.add(lock);
    else if (TEMPORARY.test(name)) temporary.push(name);
  }
  return { files: [...files.values()], locked, temporary, superseded };
}

function parseFileName(name: string): FileName | undefined {
  const match = FILE.exec(name);
  if (match === null) return undefined;
  const [, stem, time, writer, sequence, gz] = match;
  const created = Date.parse(time.replace(COMPACT_TIME, '$1-$2-$3T$4:$5:$6.$7Z'));
  return Number.isNaN(created)
    ? undefined
    : { name, stem, created, writer, sequence: Number(sequence), gzipped: gz !== undefined };
}
