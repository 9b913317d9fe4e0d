import type { Definition } from '../../kinds/definition';
import type { Snapshot } from '../snapshot';
import { wrongField } from './definition';
import { DecodedFamily } from './family';
import { invalidMessage, MessageReader } from './reader';

/** Most memory for what the messages of one sender have declared. */
const MOST_BYTES = 2 ** 29;
/** Bytes of a series and of a metric beside their texts and columns: objects and elements of arrays. */
const SERIES_BYTES = 128;
const METRIC_BYTES = 1_024;
const COLUMN_BYTES = 8;

/**
 * Decodes the messages of one sender, in their order. A snapshot that was decoded stays valid when others follow.
 *
 * A message that throws has changed nothing; only a complete one is accepted after it.
 */
export class MessageDecoder {
  private families: DecodedFamily[] = [];
  private births = 0;
  private columns = 0;
  private bytes = 0;
  private stream: number | undefined;
  private next = 0;

  /** @param maxBytes most memory for metrics, series and columns; default 512 MiB */
  constructor(private readonly maxBytes: number = MOST_BYTES) {}

  /** @throws RingmeterError RINGMETER_INVALID_MESSAGE */
  decode(message: Uint8Array): Snapshot {
    try {
      const reader = new MessageReader(aligned(message));
      this.checkOrder(reader);
      const known = reader.isComplete ? [] : this.families;
      const declared = this.check(reader, known);
      if (reader.isComplete) this.forget();
      this.bytes += declared.bytes;
      this.stream = reader.stream;
      this.next = (reader.sequence + 1) >>> 0;
      return this.apply(reader, declared.definitions);
    } catch (error) {
      this.stream = undefined;
      throw error;
    }
  }

  private checkOrder({ isComplete, stream, sequence }: MessageReader): void {
    if (isComplete) return;
    if (this.stream === undefined) invalidMessage('refers to messages that are not known');
    if (stream !== this.stream) invalidMessage('comes from another sender');
    if (sequence !== this.next) invalidMessage(`has the number ${sequence}, expected ${this.next}`);
  }

  private forget(): void {
    this.families = [];
    this.births = 0;
    this.columns = 0;
    this.bytes = 0;
  }

  /** Checks everything, so that `apply` cannot fail. @returns the new definitions, and the memory that the news take */
  private check(reader: MessageReader, known: readonly DecodedFamily[]): { definitions: Definition[]; bytes: number } {
    const definitions: Definition[] = [];
    const families = [...known];
    reader.eachMetric((definition) => {
      const wrong = wrongField(definition);
      if (wrong !== undefined) invalidMessage(`has a definition with a wrong ${wrong}`);
      definitions.push(definition as Definition);
      families.push(new DecodedFamily(families.length, definition as Definition));
    });
    const familyAt = (metric: number): DecodedFamily => families[metric] ?? invalidMessage(`has no metric ${metric}`);
    const counts = families.map(({ series }) => series.count);
    let bytes = definitions.length * METRIC_BYTES;
    reader.eachColumns(
      (metric) => familyAt(metric).width,
      (metric, count) => {
        const more = Math.max(count - counts[metric], 0);
        counts[metric] += more;
        bytes += more * (SERIES_BYTES + (familyAt(metric).width + 1) * COLUMN_BYTES);
      },
    );
    const checkIndex = (metric: number, index: number): void => {
      familyAt(metric);
      if (index >= counts[metric]) invalidMessage(`has no series ${index} of metric ${metric}`);
    };
    reader.eachSeries((entry) => {
      const { metric, index, start, labelsBegin, labelsEnd } = entry;
      checkIndex(metric, index);
      checkStart(start);
      reader.checkLabels(entry);
      // what a number stood for before stays counted, until the next complete message
      bytes += labelsEnd - labelsBegin;
    });
    reader.eachStart((metric, index, start) => {
      checkIndex(metric, index);
      checkStart(start);
    });
    const held = reader.isComplete ? 0 : this.bytes;
    if (held + bytes > this.maxBytes) invalidMessage(`needs more than ${this.maxBytes} bytes of memory`);
    return { definitions, bytes };
  }

  private apply(reader: MessageReader, definitions: readonly Definition[]): Snapshot {
    const families = [...this.families];
    for (const definition of definitions) families.push(new DecodedFamily(families.length, definition));
    this.families = families;
    const widthOf = (metric: number): number => families[metric].width;
    reader.eachColumns(widthOf, (metric, count) => {
      this.columns = families[metric].extend(count, this.columns);
    });
    const { labels: bytes, begin } = reader.copyLabels();
    reader.eachSeries(({ metric, index, start, labelsBegin, labelsEnd }) => {
      const labels = { bytes, start: labelsBegin - begin, end: labelsEnd - begin };
      families[metric].declare(index, labels, start, this.births++);
    });
    reader.eachStart((metric, index, start) => {
      families[metric].starts[index] = start;
    });
    const values = new Float64Array(this.columns).fill(Number.NaN);
    reader.eachColumns(widthOf, (metric, count, numbers) => fill(values, families[metric], count, numbers));
    return { timestamp: reader.timestamp, births: this.births, families, values };
  }
}

/** Writes the columns of a metric's series, and their starts, to their places in a snapshot. */
function fill(
  values: Float64Array,
  { series, starts, width }: DecodedFamily,
  count: number,
  numbers: Float64Array,
): void {
  const { columns } = series;
  for (let index = 0, from = 0; index < count; index++, from += width) {
    const to = columns[index];
    for (let column = 0; column < width; column++) values[to + column] = numbers[from + column];
    values[to + width] = starts[index];
  }
}

function checkStart(start: number): void {
  if (!Number.isFinite(start)) invalidMessage('has a start that is not a time');
}

/** The bytes, copied if they do not begin at a multiple of 8 in their buffer, as float64 numbers have to. */
function aligned(message: Uint8Array): Uint8Array {
  return message.byteOffset % 8 === 0 ? message : new Uint8Array(message);
}
