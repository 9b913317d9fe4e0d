import { parseDecimal } from '../common/parse-float';
import type { LabelPairs } from '../kinds/definition';
import type { Scanner } from './scanner';
import type { ScrapedSample, ScrapeFormat } from './types';

const OPEN = 123;
const CLOSE = 125;
const COMMA = 44;
const EQUALS = 61;
const HASH = 35;
const MINUS_AND_DIGITS = /^-?\d+$/;
const NONE: LabelPairs = [];

/** Parses the present line of the scanner, which is at its beginning after blanks. */
export function readSample(scanner: Scanner, format: ScrapeFormat): ScrapedSample {
  const { name, labels } = readSeries(scanner);
  const sample: ScrapedSample = { name, labels, value: readValue(scanner), line: scanner.line };
  scanner.skipBlanks();
  if (!scanner.done && scanner.peek() !== HASH) {
    sample.timestamp = readTimestamp(scanner, format);
    scanner.skipBlanks();
  }
  if (format === 'openmetrics' && scanner.take(HASH)) sample.exemplar = readExemplar(scanner);
  if (!scanner.done) scanner.expected('the end of the line');
  return sample;
}

/** `name{label="value"}`, or with the name in quotes among the labels, as Prometheus 3 writes what is not ASCII. */
function readSeries(scanner: Scanner): { name: string; labels: LabelPairs } {
  let name = scanner.peek() === OPEN ? undefined : scanner.metricName();
  scanner.skipBlanks();
  if (!scanner.take(OPEN)) return { name: name!, labels: NONE };
  const start = scanner.at;
  const labels = readLabels(scanner, (quoted, at) => {
    if (name !== undefined) scanner.fail('the metric name is given twice', at);
    name = quoted;
  });
  return name === undefined ? scanner.fail('the metric name is missing', start) : { name, labels };
}

/** Parses the labels after `{`, including the `}`. */
function readLabels(scanner: Scanner, named: (name: string, at: number) => void): LabelPairs {
  const labels: [string, string][] = [];
  for (;;) {
    scanner.skipBlanks();
    if (scanner.take(CLOSE)) return labels;
    const { at } = scanner;
    const isQuoted = scanner.atQuote;
    const name = isQuoted ? scanner.quoted() : scanner.labelName();
    scanner.skipBlanks();
    if (scanner.take(EQUALS)) labels.push([name, readLabelValue(scanner)]);
    else if (isQuoted) named(name, at);
    else scanner.expected('=');
    scanner.skipBlanks();
    if (!scanner.take(COMMA) && scanner.peek() !== CLOSE) scanner.expected(', or }');
  }
}

function readLabelValue(scanner: Scanner): string {
  scanner.skipBlanks();
  return scanner.atQuote ? scanner.quoted() : scanner.expected('a label value in quotes');
}

function readValue(scanner: Scanner): number {
  scanner.skipBlanks();
  const { at } = scanner;
  return parseDecimal(scanner.word()) ?? scanner.expected('a value', at);
}

/** Parses a timestamp: milliseconds, or seconds in OpenMetrics. */
function readTimestamp(scanner: Scanner, format: ScrapeFormat): number {
  const { at } = scanner;
  const text = scanner.word();
  if (format === 'prometheus')
    return MINUS_AND_DIGITS.test(text) ? Number(text) : scanner.expected('a timestamp in milliseconds', at);
  const seconds = parseDecimal(text);
  return Number.isFinite(seconds) ? seconds! * 1_000 : scanner.expected('a timestamp in seconds', at);
}

function readExemplar(scanner: Scanner): ScrapedSample['exemplar'] {
  scanner.skipBlanks();
  if (!scanner.take(OPEN)) scanner.expected('the labels of an exemplar');
  const labels = readLabels(scanner, (_, at) => scanner.fail('an exemplar cannot have a metric name', at));
  const value = readValue(scanner);
  scanner.skipBlanks();
  if (scanner.done) return { labels, value };
  const timestamp = readTimestamp(scanner, 'openmetrics');
  scanner.skipBlanks();
  return { labels, value, timestamp };
}
