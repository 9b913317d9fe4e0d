import type { Note, NoteKind, ScrapedFamily, ScrapedSample, ScrapedType, ScrapeFormat } from './types';

/** The suffixes of the lines of a metric, by type. */
const SUFFIXES: Record<ScrapedType, readonly string[]> = {
  counter: ['', '_total'],
  gauge: [''],
  histogram: ['', '_bucket', '_sum', '_count'],
  summary: ['', '_sum', '_count'],
  untyped: [''],
  info: ['', '_info'],
  stateset: [''],
  gaugehistogram: ['', '_bucket', '_gsum', '_gcount'],
};

function suffixesOf(type: ScrapedType, format: ScrapeFormat): readonly string[] {
  if (format === 'openmetrics') return [...SUFFIXES[type], '_created'];
  return type === 'counter' ? [''] : SUFFIXES[type];
}

/** Gathers the lines of an exposition by metric, and notes what stands where it should not. */
export class Families {
  readonly all: ScrapedFamily[] = [];
  readonly notes: Note[] = [];
  private readonly byName = new Map<string, ScrapedFamily>();
  /** By the name of a line: the metric that it belongs to. */
  private readonly owners = new Map<string, ScrapedFamily>();
  /** The metric of the last line. */
  private current: ScrapedFamily | undefined;
  /** Names of metrics that have had their TYPE line. */
  private readonly typed = new Set<string>();

  constructor(private readonly format: ScrapeFormat) {}

  type(name: string, type: ScrapedType, line: number): void {
    const family = this.described(name, line);
    if (this.typed.has(name)) this.note('repeated-metadata', name, line);
    this.typed.add(name);
    family.type = type;
    for (const suffix of suffixesOf(type, this.format)) {
      const other = this.owners.get(name + suffix);
      // a metric with exactly that name takes precedence
      if (other?.name !== name + suffix) this.owners.set(name + suffix, family);
    }
  }

  help(name: string, help: string, line: number): void {
    const family = this.described(name, line);
    if (family.help !== undefined) this.note('repeated-metadata', name, line);
    family.help = help;
  }

  unit(name: string, unit: string, line: number): void {
    const family = this.described(name, line);
    if (family.unit !== undefined) this.note('repeated-metadata', name, line);
    family.unit = unit;
  }

  sample(sample: ScrapedSample): void {
    const family = this.owners.get(sample.name) ?? this.create(sample.name, sample.line);
    if (family !== this.current && family.samples.length > 0) this.note('interleaved', family.name, sample.line);
    this.current = family;
    family.samples.push(sample);
  }

  note(kind: NoteKind, metric: string, line: number): void {
    this.notes.push({ kind, metric, line });
  }

  private described(name: string, line: number): ScrapedFamily {
    const family = this.byName.get(name) ?? this.create(name, line);
    if (family.samples.length > 0) this.note('late-metadata', name, line);
    return family;
  }

  private create(name: string, line: number): ScrapedFamily {
    const family: ScrapedFamily = { name, type: 'untyped', help: undefined, unit: undefined, samples: [], line };
    this.all.push(family);
    this.byName.set(name, family);
    this.owners.set(name, family);
    return family;
  }
}
