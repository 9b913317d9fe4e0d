import type { Family } from '../aggregate/catalog';
import { HISTOGRAM_COLUMNS, SUMMARY_COLUMNS, VALUE_COLUMN } from '../aggregate/columns';
import type { Definition, LabelPairs } from '../aggregate/definition';
import { formatNumber, sampleNames } from '../aggregate/samples';
import type { Snapshot } from '../aggregate/snapshot';
import { TextBuffer } from './text-buffer';

/** Prometheus text format. Source: Prometheus documentation, "Exposition formats", text-based format 0.0.4. */
export const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** A rendered snapshot. */
export interface Exposition {
  contentType: string;
  body: Uint8Array<ArrayBuffer>;
}

const NEWLINE = 10;
const encoder = new TextEncoder();

/**
 * Renders snapshots. Everything of a line but its number is the same in every scrape, so it is escaped and encoded once
 * and kept; a render copies bytes and writes digits.
 */
export class PrometheusRenderer {
  private readonly texts = new Map<Family, FamilyText>();
  private lastLength = 16_384;

  /** @param defaultLabels what a metric that has no series yet shows; series have them already */
  constructor(private readonly defaultLabels: Readonly<Record<string, string>> = {}) {}

  /** @param names if given, only metrics that have one of these names, or lines of that name, are rendered */
  render(snapshot: Snapshot, names?: readonly string[]): Uint8Array<ArrayBuffer> {
    const out = new TextBuffer(this.lastLength + (this.lastLength >> 3));
    const wanted = names && new Set(names);
    for (const family of snapshot.families)
      if (wanted === undefined || isNamed(family.definition, wanted))
        this.textOf(family).render(out, family, snapshot.values);
    this.lastLength = out.length;
    return out.content();
  }

  private textOf(family: Family): FamilyText {
    let text = this.texts.get(family);
    if (text === undefined) {
      text = new FamilyText(family.definition, Object.entries(this.defaultLabels));
      this.texts.set(family, text);
    }
    return text;
  }
}

function isNamed(definition: Definition, names: ReadonlySet<string>): boolean {
  return names.has(definition.name) || sampleNames(definition).some((name) => names.has(name));
}

/** One metric's kept bytes. */
class FamilyText {
  private readonly header: Uint8Array;
  /** Each sample's own end of the line up to its number, as in `le="0.1"} `; for samples without a label of their own, undefined. */
  private readonly ends: Uint8Array[];
  private readonly starts: SeriesText[] = [];

  constructor(
    private readonly definition: Definition,
    private readonly defaultLabels: LabelPairs,
  ) {
    const { name, description, type } = definition;
    const help = description.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
    this.header = encoder.encode(`${help && `# HELP ${name} ${help}\n`}# TYPE ${name} ${type}\n`);
    this.ends = ownLabels(definition).map((label) => encoder.encode(`${label}} `));
  }

  render(out: TextBuffer, family: Family, values: Float64Array): void {
    out.copy(this.header, 0, this.header.length);
    const { series } = family;
    for (let index = 0; index < series.length; index++) {
      const { column, labels } = series[index];
      if (index === this.starts.length) this.starts.push(this.startOf(labels));
      if (column < values.length) this.lines(out, this.starts[index], values, column);
    }
    if (series.length === 0 && this.definition.labelNames === null)
      this.lines(out, this.startOf(this.defaultLabels), emptyColumns(this.definition), 0);
  }

  private startOf(labels: LabelPairs): SeriesText {
    const pairs = labels.map(([name, value]) => `${name}="${escapeValue(value)}"`);
    const { name, type } = this.definition;
    const set = pairs.length === 0 ? ' ' : `{${pairs.join(',')}} `;
    if (type === 'counter' || type === 'gauge')
      return { plain: encoder.encode(`${name}${set}`), sum: NONE, count: NONE };
    const open = `{${pairs.map((pair) => `${pair},`).join('')}`;
    return {
      plain: encoder.encode(`${name}${type === 'histogram' ? '_bucket' : ''}${open}`),
      sum: encoder.encode(`${name}_sum${set}`),
      count: encoder.encode(`${name}_count${set}`),
    };
  }

  private lines(out: TextBuffer, start: SeriesText, values: Float64Array, column: number): void {
    switch (this.definition.type) {
      case 'histogram':
        this.histogram(out, start, values, column);
        break;
      case 'summary':
        this.summary(out, start, values, column);
        break;
      default:
        line(out, start.plain, NONE, values[column + VALUE_COLUMN]);
    }
  }

  private histogram(out: TextBuffer, start: SeriesText, values: Float64Array, column: number): void {
    let count = 0;
    for (let bucket = 0; bucket < this.ends.length; bucket++) {
      count += values[column + HISTOGRAM_COLUMNS.COUNTS + bucket];
      line(out, start.plain, this.ends[bucket], count);
    }
    line(out, start.sum, NONE, values[column + HISTOGRAM_COLUMNS.SUM]);
    line(out, start.count, NONE, count);
  }

  private summary(out: TextBuffer, start: SeriesText, values: Float64Array, column: number): void {
    for (let index = 0; index < this.ends.length; index++)
      line(out, start.plain, this.ends[index], values[column + SUMMARY_COLUMNS.QUANTILES + index]);
    line(out, start.sum, NONE, values[column + SUMMARY_COLUMNS.SUM]);
    line(out, start.count, NONE, values[column + SUMMARY_COLUMNS.COUNT]);
  }
}

/** The beginnings of one series' lines. */
interface SeriesText {
  plain: Uint8Array;
  sum: Uint8Array;
  count: Uint8Array;
}

const NONE = new Uint8Array();

function line(out: TextBuffer, start: Uint8Array, end: Uint8Array, value: number): void {
  out.copy(start, 0, start.length);
  out.copy(end, 0, end.length);
  out.number(value);
  out.byte(NEWLINE);
}

/** The label that each line of a histogram or summary adds. */
function ownLabels({ type, buckets, quantiles }: Definition): string[] {
  if (type === 'histogram') return [...buckets, Number.POSITIVE_INFINITY].map((bound) => `le="${formatNumber(bound)}"`);
  return type === 'summary' ? quantiles.map((quantile) => `quantile="${formatNumber(quantile)}"`) : [];
}

function escapeValue(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
}

/** A metric that may have any labels and has no series yet shows itself as zero: it can be told from a missing one. */
function emptyColumns({ buckets, quantiles, type }: Definition): Float64Array {
  const columns = new Float64Array(SUMMARY_COLUMNS.QUANTILES + buckets.length + quantiles.length + 1);
  if (type === 'summary') columns.fill(Number.NaN, SUMMARY_COLUMNS.QUANTILES);
  return columns;
}
