import { isUtf8 } from 'node:buffer';
import { crc32 } from 'node:zlib';
import { RingmeterError } from '../../common/errors';
import { eachText } from '../../registry/series-key';
import { ALIGNMENT, COMPLETE, HEADER, LITTLE, MAGIC, SECTION_BYTES, TAG, TRAILER_BYTES, VERSION } from './layout';

export function invalidMessage(reason: string): never {
  throw new RingmeterError('RINGMETER_INVALID_MESSAGE', `a message of a snapshot ${reason}`);
}

interface Section {
  readonly begin: number;
  readonly end: number;
}

const NOTHING: Section = { begin: 0, end: 0 };

/** Receives the entries of a message. Numbers are as the message has them: the receiver checks whether they exist. */
export interface SeriesEntry {
  metric: number;
  index: number;
  start: number;
  /** Range of the message's bytes. */
  labelsBegin: number;
  labelsEnd: number;
}

/**
 * Reads one message. It checks lengths, checksum and texts, and throws RINGMETER_INVALID_MESSAGE; it takes memory only for
 * what the message has bytes for. The caller must not change the bytes meanwhile.
 */
export class MessageReader {
  readonly isComplete: boolean;
  readonly sequence: number;
  readonly stream: number;
  readonly timestamp: number;
  private readonly view: DataView;
  private readonly sections = new Map<number, Section>();

  /** @param bytes begin at a multiple of 8 in their buffer */
  constructor(readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.checkFrame();
    this.isComplete = (this.view.getUint16(HEADER.FLAGS, LITTLE) & COMPLETE) !== 0;
    this.sequence = this.uint32(HEADER.SEQUENCE);
    this.stream = this.float64(HEADER.STREAM);
    this.timestamp = this.float64(HEADER.TIMESTAMP);
    if (!Number.isFinite(this.timestamp) || !Number.isFinite(this.stream)) invalidMessage('has no time or no stream');
    this.findSections();
  }

  private checkFrame(): void {
    const { bytes } = this;
    if (bytes.length < HEADER.SIZE + TRAILER_BYTES) invalidMessage(`has ${bytes.length} bytes, fewer than its header`);
    if (this.uint32(HEADER.MAGIC) !== MAGIC) invalidMessage('does not begin as one');
    const version = this.view.getUint16(HEADER.VERSION, LITTLE);
    if (version !== VERSION) invalidMessage(`has version ${version}, expected ${VERSION}`);
    const length = this.uint32(HEADER.BYTES);
    if (length !== bytes.length || length % ALIGNMENT !== 0)
      invalidMessage(`says that it has ${length} bytes, and has ${bytes.length}`);
    const end = length - TRAILER_BYTES;
    if (this.uint32(end) !== crc32(bytes.subarray(0, end))) invalidMessage('does not fit its checksum');
  }

  private findSections(): void {
    const end = this.bytes.length - TRAILER_BYTES;
    for (let at: number = HEADER.SIZE; at < end; ) {
      const begin = at + SECTION_BYTES;
      const sectionEnd = begin + (begin <= end ? this.uint32(at + 4) : 0);
      if (sectionEnd > end) invalidMessage('has a section that is longer than the message');
      const tag = this.uint32(at);
      if (this.sections.has(tag)) invalidMessage(`has section ${tag} twice`);
      this.sections.set(tag, { begin, end: sectionEnd });
      at = sectionEnd + (-sectionEnd & (ALIGNMENT - 1));
    }
  }

  /** Visits the definitions of new metrics, which are not checked. */
  eachMetric(visit: (definition: unknown) => void): void {
    const { begin, end } = this.section(TAG.METRICS);
    for (let at = begin; at < end; ) {
      const text = at + 4;
      at = text + this.lengthAt(at, end);
      if (at > end) invalidMessage('has a definition that is cut off');
      visit(this.parse(text, at));
    }
  }

  private parse(begin: number, end: number): unknown {
    try {
      return JSON.parse(Buffer.from(this.bytes.subarray(begin, end)).toString('utf8'));
    } catch {
      return invalidMessage('has a definition that is not JSON');
    }
  }

  /** Visits the new series; the argument is reused. */
  eachSeries(visit: (entry: Readonly<SeriesEntry>) => void): void {
    const { begin, end } = this.section(TAG.SERIES);
    const entry: SeriesEntry = { metric: 0, index: 0, start: 0, labelsBegin: 0, labelsEnd: 0 };
    for (let at = begin; at < end; at = entry.labelsEnd) {
      if (at + 20 > end) invalidMessage('has a series that is cut off');
      entry.metric = this.uint32(at);
      entry.index = this.uint32(at + 4);
      entry.start = this.float64(at + 12);
      entry.labelsBegin = at + 20;
      entry.labelsEnd = entry.labelsBegin + this.uint32(at + 8);
      if (entry.labelsEnd > end) invalidMessage('has labels that are cut off');
      visit(entry);
    }
  }

  /** A copy of all labels of new series, and the position in the message at which it begins. */
  copyLabels(): { labels: Uint8Array; begin: number } {
    const { begin, end } = this.section(TAG.SERIES);
    return { labels: this.bytes.slice(begin, end), begin };
  }

  /** Throws unless the bytes are labels: pairs of texts in UTF-8. */
  checkLabels({ labelsBegin, labelsEnd }: Readonly<SeriesEntry>): void {
    const { bytes } = this;
    let texts = 0;
    let last = labelsBegin;
    eachText(bytes, labelsBegin, labelsEnd, (start, end) => {
      if (start > end || end > labelsEnd) invalidMessage('has a label that is longer than its series');
      if (!isUtf8(bytes.subarray(start, end))) invalidMessage('has a label that is not UTF-8');
      last = end;
      texts++;
    });
    if (last !== labelsEnd || texts % 2 !== 0) invalidMessage('has a label without a value');
  }

  /** Visits the series that have begun to count anew. */
  eachStart(visit: (metric: number, index: number, start: number) => void): void {
    const { begin, end } = this.section(TAG.STARTS);
    for (let at = begin; at < end; at += 16) {
      if (at + 16 > end) invalidMessage('has a start that is cut off');
      visit(this.uint32(at), this.uint32(at + 4), this.float64(at + 8));
    }
  }

  /**
   * Visits the columns of each metric.
   *
   * @param widthOf columns of a series of a metric; throws if there is no such metric
   */
  eachColumns(
    widthOf: (metric: number) => number,
    visit: (metric: number, count: number, values: Float64Array) => void,
  ): void {
    const { begin, end } = this.section(TAG.COLUMNS);
    for (let at = begin; at < end; ) {
      const count = this.lengthAt(at + 4, end);
      const metric = this.uint32(at);
      const numbers = count * widthOf(metric);
      const from = at + 8;
      at = from + numbers * 8;
      if (at > end) invalidMessage('has columns that are cut off');
      visit(metric, count, new Float64Array(this.bytes.buffer, this.bytes.byteOffset + from, numbers));
    }
  }

  private section(tag: number): Section {
    return this.sections.get(tag) ?? NOTHING;
  }

  private lengthAt(at: number, end: number): number {
    return at + 4 > end ? invalidMessage('has an entry that is cut off') : this.uint32(at);
  }

  private uint32(at: number): number {
    return this.view.getUint32(at, LITTLE);
  }

  private float64(at: number): number {
    return this.view.getFloat64(at, LITTLE);
  }
}
