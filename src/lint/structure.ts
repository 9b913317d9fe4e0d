import { parseDecimal } from '../common/parse-float';
import type { Note, NoteKind, ScrapedFamily } from '../scrape/types';
import { type HistogramSeries, histogramSeries } from './histograms';
import type { Report } from './rules';
import { labelValue, seriesKey, shownLabels } from './series';

/** Messages for the notes of the parser. */
export const NOTES: Record<NoteKind, string> = {
  'bad-escape': 'has an escape sequence that the format does not define: write \\\\, \\n or \\"',
  interleaved:
    'has lines between those of other metrics: a reader may refuse them. Write all lines of a metric together',
  'late-metadata': 'has HELP, TYPE or UNIT after its lines, which were read without it. Write it first',
  'no-eof': 'the exposition does not end in # EOF: readers must assume that it was cut off',
  'no-final-newline': 'the last line does not end in a newline: readers must assume that it was cut off',
  'repeated-metadata': 'has a second HELP, TYPE or UNIT line: readers refuse that. Write each once',
};

export function lintNote({ kind, line }: Note, report: Report): void {
  report(kind, NOTES[kind], { line });
}

/** Checks the consistency of a metric's lines. */
export function lintStructure(family: ScrapedFamily, report: Report): void {
  lintDuplicates(family, report);
  lintStrays(family, report);
  if (family.type === 'histogram' || family.type === 'gaugehistogram')
    for (const series of histogramSeries(family)) lintHistogram(series, report);
  if (family.type === 'summary') lintSummary(family, report);
  lintValues(family, report);
  const stamped = family.samples.find(({ timestamp }) => timestamp !== undefined);
  if (stamped)
    report('timestamps', 'has timestamps: Prometheus then notices late that a series has gone. Leave them out', {
      line: stamped.line,
    });
}

function lintDuplicates({ samples }: ScrapedFamily, report: Report): void {
  const seen = new Set<string>();
  for (const { name, labels, timestamp, line } of samples) {
    const names = new Set(labels.map(([label]) => label));
    if (names.size < labels.length) report('duplicate-label', 'has a label twice in one line', { line });
    const key = `${name} ${seriesKey(labels)} ${timestamp ?? ''}`;
    if (seen.has(key))
      report('duplicate-sample', `has the line ${name}${shownLabels(labels)} twice: one of the values is lost`, {
        line,
      });
    seen.add(key);
  }
}

function lintStrays({ name, type, samples }: ScrapedFamily, report: Report): void {
  if (type !== 'histogram' && type !== 'gaugehistogram') return;
  const stray = samples.find((sample) => sample.name === name);
  if (stray)
    report('stray-sample', `is a histogram, but has a line ${name} without _bucket, _sum or _count`, {
      line: stray.line,
    });
}

function lintHistogram({ labels, buckets, count, sum, line }: HistogramSeries, report: Report): void {
  const at = shownLabels(labels, 'le');
  const bad = buckets.find(({ bound }) => Number.isNaN(bound));
  if (bad)
    report('histogram-bucket-label', `has a bucket${at} whose label le is missing or not a number`, { line: bad.line });
  const sorted = buckets.filter(({ bound }) => !Number.isNaN(bound)).sort((a, b) => a.bound - b.bound);
  const fall = sorted.find((bucket, index) => bucket.count < (sorted[index - 1]?.count ?? 0));
  if (fall)
    report(
      'histogram-cumulative',
      `${at} has fewer observations up to ${fall.bound} than below: buckets must be cumulative`,
      { line: fall.line },
    );
  const last = sorted.at(-1);
  if (last?.bound !== Number.POSITIVE_INFINITY)
    report('histogram-inf', `${at} has no bucket le="+Inf": no quantile can be computed`, { line: last?.line ?? line });
  else if (count !== undefined && last.count !== count)
    report('histogram-inf', `${at} counts ${count}, but its bucket +Inf has ${last.count}: they must be equal`, {
      line: last.line,
    });
  if (count === undefined || sum === undefined)
    report('histogram-count', `${at} has no ${count === undefined ? '_count' : '_sum'}: no mean can be computed`, {
      line,
    });
}

function lintSummary({ name, samples }: ScrapedFamily, report: Report): void {
  const counted = new Set(
    samples.filter((sample) => sample.name === `${name}_count`).map(({ labels }) => seriesKey(labels)),
  );
  for (const { name: sampleName, labels, line } of samples) {
    if (sampleName !== name) continue;
    const quantile = parseDecimal(labelValue(labels, 'quantile') ?? '');
    if (!(quantile !== undefined && quantile >= 0 && quantile <= 1))
      report('summary-quantile', 'has a line whose label quantile is missing or not from 0 to 1', { line });
    else if (!counted.has(seriesKey(labels, 'quantile')))
      report(
        'histogram-count',
        `${shownLabels(labels, 'quantile')} has no _count: nobody can tell how many observations its quantiles stand for`,
        { line },
      );
  }
}

function lintValues({ name, type, samples }: ScrapedFamily, report: Report): void {
  const counts = type === 'counter' ? /(?<!_created)$/ : /_(?:bucket|count)$/;
  const isCounting = type === 'counter' || type === 'histogram' || type === 'summary';
  const negative = isCounting && samples.find((sample) => counts.test(sample.name) && !(sample.value >= 0));
  if (negative)
    report('value-range', `counts, but is ${negative.value}: a count is never below 0`, { line: negative.line });
  const info =
    (type === 'gauge' && name.endsWith('_info')) || type === 'info'
      ? samples.find(({ value }) => value !== 1)
      : undefined;
  if (info)
    report('info-value', `carries information in labels, so its value should be 1, not ${info.value}`, {
      line: info.line,
    });
}
