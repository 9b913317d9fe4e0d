import { shown } from '../../common/errors';
import { parseDecimal } from '../../common/parse-float';
import { type Definition, METRIC_TYPES } from '../../kinds/definition';
import { columnCount, kindOf } from '../../kinds/kinds';
import {
  FORMAT_VERSION,
  type HeaderLine,
  METRIC_START,
  type MetricLine,
  type SeriesLine,
  type ValuesLine,
} from './format';
import type { Group } from './groups';
import { HeldBytes, TooLarge } from './too-large';

const QUOTE = 34;
/** Between the name of the metric and the next key: `","`. */
const BETWEEN = 3;
/** As many as a collector can have. */
const MOST_SERIES = 2 ** 24;
/** Values of one flush: 512 MiB. */
const MOST_CELLS = 2 ** 26;

/** A metric of one flush. */
export interface StoredMetric {
  definition: Definition;
  /** Columns of each series. */
  width: number;
  /** By number of the series. A number is missing if the flush that had its labels was damaged. */
  labels: (Readonly<Record<string, string>> | undefined)[];
  /** By number of the series: since when it counts, in wall-clock milliseconds. Undefined if the file does not tell. */
  starts: (number | undefined)[];
  /** The columns of series 0, then those of series 1, and so on. */
  values: Float64Array;
}

/** A flush as it was stored. */
export interface StoredFlush {
  /** Wall-clock milliseconds of the collect. */
  timestamp: number;
  source: string;
  metrics: StoredMetric[];
}

/** Which flushes and metrics are wanted. */
export interface Wanted {
  from: number;
  to: number;
  /** All, if left out. */
  names?: ReadonlySet<string>;
}

/** Understands the flushes of one file, which have to come in order: the first of them say what the others refer to. */
export class FileDecoder {
  private header: HeaderLine | undefined;
  private readonly held = new HeldBytes();
  private readonly metrics = new Map<string, Omit<StoredMetric, 'values'>>();

  constructor(private readonly wanted: Wanted) {}

  /**
   * @returns undefined if the flush lies outside the wanted time range
   * @throws Error if the flush cannot be decoded
   */
  decode({ lines, flush }: Group): StoredFlush | undefined {
    const { from, to } = this.wanted;
    const inTime = flush.time >= from && flush.time <= to;
    const values: ValuesLine[] = [];
    for (const line of lines)
      if (isOfMetric(line)) this.enter(line, inTime, values);
      else this.begin(line);
    if (this.header === undefined) throw new Error('the header is missing');
    if (!inTime) return undefined;
    return { timestamp: flush.time, source: this.header.source, metrics: this.assemble(values) };
  }

  private begin(line: Buffer): void {
    const header = JSON.parse(line.toString()) as HeaderLine;
    if (header?.ringmeter === undefined) throw new Error('it has a line that the file format does not define');
    if (header.ringmeter !== FORMAT_VERSION)
      throw new Error(`its format is version ${header.ringmeter}, this program reads version ${FORMAT_VERSION}`);
    if (typeof header.source !== 'string') throw new Error('its header names no source');
    this.header = header;
  }

  /** Whether a line is needed: it is the file's header, or of a metric that is wanted. */
  needs(line: Buffer): boolean {
    const { names } = this.wanted;
    if (names === undefined || !isOfMetric(line)) return true;
    return names.has(line.toString('latin1', METRIC_START.length, line.indexOf(QUOTE, METRIC_START.length)));
  }

  /** Decodes a metric's line. A line with values outside the wanted time range is not even parsed. */
  private enter(line: Buffer, inTime: boolean, values: ValuesLine[]): void {
    const hasValues = isValues(line);
    if (hasValues && !inTime) return;
    const parsed = JSON.parse(line.toString()) as MetricLine | SeriesLine | ValuesLine;
    if (!hasValues && !this.held.hasRoom(line.length))
      throw new TooLarge('its metrics and series exceed the limit of reading');
    if (hasValues) values.push(parsed as ValuesLine);
    else if (Object.hasOwn(parsed, 'labels')) this.addSeries(parsed as SeriesLine);
    else this.addMetric(parsed as MetricLine);
  }

  private addMetric({ metric: name, ...rest }: MetricLine): void {
    const definition = { name, ...rest };
    if (!METRIC_TYPES.includes(definition.type))
      throw new Error(`it has a metric of the unknown type ${shown(definition.type)}`);
    const width = columnCount(definition);
    if (!Number.isInteger(width)) throw new Error('it has a histogram without buckets or a summary without quantiles');
    this.metrics.set(name, { definition, width, labels: [], starts: [] });
  }

  private addSeries({ metric, series, labels, start }: SeriesLine): void {
    if (!(Number.isInteger(series) && series >= 0 && series < MOST_SERIES))
      throw new TooLarge(`it has a series number out of range: ${shown(series)}`);
    const known = this.metrics.get(metric);
    if (known === undefined) return;
    known.labels[series] = labels;
    known.starts[series] = typeof start === 'number' ? start : undefined;
  }

  private assemble(lines: readonly ValuesLine[]): StoredMetric[] {
    const found = new Map<string, StoredMetric>();
    let room = MOST_CELLS;
    for (const { metric, first, values } of lines) {
      const known = this.metrics.get(metric);
      if (known === undefined) continue;
      let stored = found.get(metric);
      if (stored === undefined) {
        const cells = known.labels.length * known.width;
        room -= cells;
        if (room < 0) throw new TooLarge('the values of a flush exceed the limit of reading');
        // copies: later flushes of the file may declare other starts
        stored = { ...known, starts: [...known.starts], values: new Float64Array(cells).fill(Number.NaN) };
        found.set(metric, stored);
      }
      for (let index = 0; index < values.length; index++)
        stored.values[first * stored.width + index] = storedNumber(values[index]);
    }
    return [...found.values()];
  }
}

function isOfMetric(line: Buffer): boolean {
  return line.subarray(0, METRIC_START.length).equals(METRIC_START);
}

/** Whether a metric's line has values. Other lines are declarations, which are needed until the end of the file. */
export function isValues(line: Buffer): boolean {
  const next = line.indexOf(QUOTE, METRIC_START.length) + BETWEEN;
  return line.toString('latin1', next, next + 4) === 'time';
}

/** Whether a flush does not have a series, because it had been removed, or its labels are not known. */
export function isMissing({ definition, width, labels, values }: StoredMetric, series: number): boolean {
  return labels[series] === undefined || Number.isNaN(values[series * width + kindOf(definition).presenceColumn]);
}

function storedNumber(value: ValuesLine['values'][number]): number {
  return typeof value === 'number' ? value : (parseDecimal(value) ?? Number.NaN);
}
