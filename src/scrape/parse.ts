import { Families } from './families';
import { readSample } from './sample-line';
import { Scanner } from './scanner';
import type { Scrape, ScrapedType, ScrapeFormat } from './types';

const HASH = 35;
const SPACE = 32;
/** Types by the lower-case words of TYPE lines. */
const TYPES: Record<ScrapeFormat, Record<string, ScrapedType>> = {
  prometheus: { counter: 'counter', gauge: 'gauge', histogram: 'histogram', summary: 'summary', untyped: 'untyped' },
  openmetrics: {
    counter: 'counter',
    gauge: 'gauge',
    histogram: 'histogram',
    summary: 'summary',
    unknown: 'untyped',
    info: 'info',
    stateset: 'stateset',
    gaugehistogram: 'gaugehistogram',
  },
};

/**
 * Parses an exposition. Violations of the format that can be tolerated become notes.
 * Sources: Prometheus documentation, "Exposition formats", text-based format 0.0.4; OpenMetrics 1.0.0.
 *
 * @throws ScrapeError with line and column
 */
export function parseScrape(text: string, format: ScrapeFormat): Scrape {
  const scanner = new Scanner(text);
  const families = new Families(format);
  let ended = false;
  while (!ended && scanner.nextLine()) ended = readLine(scanner, families, format);
  if (ended && scanner.nextLine()) scanner.fail('text follows # EOF, which must end the exposition');
  if (format === 'openmetrics' && !ended) families.note('no-eof', '', scanner.line);
  if (text !== '' && !text.endsWith('\n')) families.note('no-final-newline', '', scanner.line);
  return { format, families: families.all, notes: families.notes };
}

/** @returns whether the line is `# EOF` */
function readLine(scanner: Scanner, families: Families, format: ScrapeFormat): boolean {
  scanner.skipBlanks();
  if (scanner.done) return false;
  if (scanner.take(HASH)) return readComment(scanner, families, format);
  const sample = readSample(scanner, format);
  if (scanner.badEscape) families.note('bad-escape', sample.name, sample.line);
  families.sample(sample);
  return false;
}

function readComment(scanner: Scanner, families: Families, format: ScrapeFormat): boolean {
  scanner.skipBlanks();
  const keyword = scanner.word();
  if (format === 'openmetrics' && keyword === 'EOF') return true;
  const isKnown = keyword === 'HELP' || keyword === 'TYPE' || (format === 'openmetrics' && keyword === 'UNIT');
  if (!isKnown) return false;
  scanner.skipBlanks();
  const name = scanner.atQuote ? scanner.quoted() : scanner.metricName();
  if (!scanner.done && !scanner.take(SPACE)) {
    const { at } = scanner;
    scanner.skipBlanks();
    if (scanner.at === at) scanner.expected('a blank after the name');
  }
  if (keyword === 'TYPE') readType(scanner, families, format, name);
  else if (keyword === 'UNIT') families.unit(name, scanner.rest(), scanner.line);
  else readHelp(scanner, families, format, name);
  return false;
}

function readType(scanner: Scanner, families: Families, format: ScrapeFormat, name: string): void {
  scanner.skipBlanks();
  const { at } = scanner;
  const type = scanner.rest().trimEnd().toLowerCase();
  if (!Object.hasOwn(TYPES[format], type)) scanner.expected(`one of ${Object.keys(TYPES[format]).join(', ')}`, at);
  families.type(name, TYPES[format][type], scanner.line);
}

/** One blank separates name and text; further blanks belong to the text. */
function readHelp(scanner: Scanner, families: Families, format: ScrapeFormat, name: string): void {
  const text = scanner.rest();
  const plain = format === 'openmetrics' ? '\\"' : '\\';
  families.help(name, text.includes('\\') ? scanner.unescape(text, plain) : text, scanner.line);
  if (scanner.badEscape) families.note('bad-escape', name, scanner.line);
}
