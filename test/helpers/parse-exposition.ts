/**
 * A strict reader of the Prometheus text format 0.0.4 that shares nothing with the renderer: it walks the characters, as
 * a scraper does, and refuses what the format's description forbids or what a server would silently drop.
 */

export interface ParsedLine {
  name: string;
  labels: Record<string, string>;
  value: number;
}

export interface ParsedFamily {
  name: string;
  type: string;
  /** Undefined if there is no HELP line. */
  help: string | undefined;
  lines: ParsedLine[];
}

/** @throws Error that says which rule is broken and where */
export function parseExposition(body: Uint8Array): ParsedFamily[] {
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
  if (text === '') return [];
  if (!text.endsWith('\n')) throw new Error('the last line does not end in a newline');
  const families = new Families();
  for (const line of text.slice(0, -1).split('\n')) {
    if (line.startsWith('#')) families.comment(line);
    else families.sample(parseLine(line));
  }
  return families.checked();
}

/** The value of one line, by its name and exactly these labels. */
export function sampleValue(
  families: readonly ParsedFamily[],
  name: string,
  labels: Record<string, string> = {},
): number | undefined {
  const wanted = identity(name, labels);
  for (const { lines } of families)
    for (const line of lines) if (identity(line.name, line.labels) === wanted) return line.value;
  return undefined;
}

class Families {
  private readonly all: ParsedFamily[] = [];
  private readonly names = new Set<string>();
  /** A family whose HELP has been read but not its TYPE. */
  private opened: { name: string; help: string } | undefined;

  comment(line: string): void {
    const help = /^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)$/s.exec(line);
    const type = /^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram|summary|untyped)$/.exec(line);
    if (help !== null) this.help(help[1], unescaped(help[2], 'n\\'));
    else if (type !== null) this.type(type[1], type[2]);
    else throw new Error(`neither HELP nor TYPE: ${line}`);
  }

  private help(name: string, help: string): void {
    if (this.opened !== undefined) throw new Error(`HELP of ${this.opened.name} is not followed by its TYPE`);
    this.opened = { name, help };
  }

  private type(name: string, type: string): void {
    if (this.opened !== undefined && this.opened.name !== name)
      throw new Error(`HELP of ${this.opened.name} is followed by TYPE of ${name}`);
    if (this.names.has(name)) throw new Error(`${name} is described twice, or its lines are not together`);
    this.names.add(name);
    this.all.push({ name, type, help: this.opened?.help, lines: [] });
    this.opened = undefined;
  }

  sample(line: ParsedLine): void {
    const family = this.all.at(-1);
    if (family === undefined || this.opened !== undefined) throw new Error(`${line.name} stands before its TYPE`);
    if (!lineNames(family).includes(line.name))
      throw new Error(`${line.name} stands among the lines of the ${family.type} ${family.name}`);
    family.lines.push(line);
  }

  checked(): ParsedFamily[] {
    if (this.opened !== undefined) throw new Error(`HELP of ${this.opened.name} stands alone`);
    refuseDuplicates(this.all);
    for (const family of this.all) {
      if (family.type === 'counter') checkCounter(family);
      if (family.type === 'histogram') for (const series of seriesOf(family, 'le')) checkHistogram(series);
      if (family.type === 'summary') for (const series of seriesOf(family, 'quantile')) checkSummary(series);
    }
    return this.all;
  }
}

function lineNames({ name, type }: ParsedFamily): string[] {
  if (type === 'histogram') return [`${name}_bucket`, `${name}_sum`, `${name}_count`];
  return type === 'summary' ? [name, `${name}_sum`, `${name}_count`] : [name];
}

/** What makes a series one: to a server a label with an empty value is the same as no label. */
function identity(name: string, labels: Record<string, string>): string {
  const pairs = Object.entries(labels).filter(([, value]) => value !== '');
  return JSON.stringify([name, pairs.sort(([a], [b]) => (a < b ? -1 : 1))]);
}

function refuseDuplicates(families: readonly ParsedFamily[]): void {
  const seen = new Set<string>();
  for (const { name, labels } of families.flatMap(({ lines }) => lines)) {
    const series = identity(name, labels);
    if (seen.has(series)) throw new Error(`the series stands twice: ${series}`);
    seen.add(series);
  }
}

function checkCounter({ lines }: ParsedFamily): void {
  const bad = lines.find(({ value }) => !(value >= 0));
  if (bad !== undefined) throw new Error(`the counter ${bad.name} is ${bad.value}`);
}

/** One histogram's or summary's lines with the same labels, in the order in which they stand. */
interface Series {
  id: string;
  /** Of the lines with the label that the metric itself adds. */
  own: { at: number; value: number }[];
  sum: number | undefined;
  count: number | undefined;
}

function seriesOf(family: ParsedFamily, ownLabel: string): Series[] {
  const all: Series[] = [];
  for (const { name, labels, value } of family.lines) {
    const { [ownLabel]: own, ...others } = labels;
    const id = identity(family.name, others);
    if (all.at(-1)?.id !== id) {
      if (all.some((one) => one.id === id)) throw new Error(`the lines of ${id} are not together`);
      all.push({ id, own: [], sum: undefined, count: undefined });
    }
    const series = all[all.length - 1];
    if (name === `${family.name}_sum`) series.sum = value;
    else if (name === `${family.name}_count`) series.count = value;
    else if (own === undefined) throw new Error(`${id} has a line without ${ownLabel}`);
    else series.own.push({ at: parseNumber(own), value });
  }
  return all;
}

function checkHistogram(series: Series): void {
  checkAscending(series);
  const last = series.own.at(-1);
  if (last?.at !== Number.POSITIVE_INFINITY) throw new Error(`${series.id} has no bucket +Inf at its end`);
  series.own.forEach(({ value }, index) => {
    if (!Number.isInteger(value)) throw new Error(`${series.id} has the bucket count ${value}`);
    if (index > 0 && value < series.own[index - 1].value) throw new Error(`${series.id} has falling buckets`);
  });
  if (last.value !== series.count) throw new Error(`${series.id}: +Inf is ${last.value}, _count is ${series.count}`);
}

function checkSummary(series: Series): void {
  checkAscending(series);
  if (!Number.isInteger(series.count)) throw new Error(`${series.id} has the count ${series.count}`);
}

function checkAscending({ id, own, sum, count }: Series): void {
  if (sum === undefined || count === undefined) throw new Error(`${id} lacks _sum or _count`);
  for (let index = 1; index < own.length; index++)
    if (!(own[index].at > own[index - 1].at)) throw new Error(`${id}: ${own[index].at} after ${own[index - 1].at}`);
}

function parseLine(line: string): ParsedLine {
  const start = /^[a-zA-Z_:][a-zA-Z0-9_:]*/.exec(line);
  if (start === null) throw new Error(`no metric name: ${line.slice(0, 200)}`);
  const [name] = start;
  const { labels, end } =
    line[name.length] === '{' ? parseLabels(line, name.length + 1) : { labels: {}, end: name.length };
  if (line[end] !== ' ') throw new Error(`no space before the value: ${line.slice(0, 200)}`);
  return { name, labels, value: parseNumber(line.slice(end + 1)) };
}

function parseLabels(line: string, start: number): { labels: Record<string, string>; end: number } {
  const labels: Record<string, string> = Object.create(null);
  const pair = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"([,}])/gsy;
  pair.lastIndex = start;
  for (;;) {
    const match = pair.exec(line);
    if (match === null) throw new Error(`not a label: ${line.slice(0, 200)}`);
    const [, name, value, after] = match;
    if (name in labels) throw new Error(`the label ${name} stands twice: ${line.slice(0, 200)}`);
    labels[name] = unescaped(value, 'n\\"');
    if (after === '}') return { labels: { ...labels }, end: pair.lastIndex };
  }
}

function unescaped(text: string, known: string): string {
  return text.replace(/\\(.?)/gs, (whole, next: string) => {
    if (next === '' || !known.includes(next)) throw new Error(`unknown escape ${whole}`);
    return next === 'n' ? '\n' : next;
  });
}

/** What Go's ParseFloat takes, of what JavaScript can write. */
export function parseNumber(text: string): number {
  if (text === '+Inf') return Number.POSITIVE_INFINITY;
  if (text === '-Inf') return Number.NEGATIVE_INFINITY;
  if (text === 'NaN') return Number.NaN;
  if (!/^-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?$/.test(text)) throw new Error(`not a number: ${text.slice(0, 40)}`);
  return Number(text);
}
