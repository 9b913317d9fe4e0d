import { formatLabels } from '../common/go-string';
import { printable } from '../common/printable';
import type { Metric } from '../exposition/metrics';
import { histogramQuantile } from '../kinds/histogram-value';

/** Of a histogram. */
const QUANTILES = [0.5, 0.95, 0.99];
const HEAD = ['METRIC', 'TYPE', 'LABELS', 'VALUE'];

/** One row for each series, in columns. */
export function metricsTable(metrics: readonly Metric[]): string {
  const rows = [
    HEAD,
    ...metrics.map((metric) =>
      [metric.name, metric.type, formatLabels(Object.entries(metric.labels)), shownValue(metric)].map(printable),
    ),
  ];
  const widths = HEAD.slice(0, -1).map((_, column) =>
    rows.reduce((most, row) => Math.max(most, row[column].length), 0),
  );
  return rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}\n`).join('');
}

/** A metric's value in one cell. Quantiles of a histogram are estimated from its buckets, as in Prometheus. */
function shownValue({ type, value, sum, buckets, quantiles }: Metric): string {
  if (type !== 'histogram' && type !== 'summary') return String(value);
  const shown = type === 'summary' ? quantiles! : estimate(buckets!);
  return [`count=${value}`, `sum=${sum}`, ...shown.map(({ quantile, value }) => `q${quantile}=${brief(value)}`)].join(
    ' ',
  );
}

function estimate(buckets: NonNullable<Metric['buckets']>): NonNullable<Metric['quantiles']> {
  const bounds = buckets.slice(0, -1).map(({ le }) => Number(le));
  const counts = buckets.map(({ count }, index) => count - (buckets[index - 1]?.count ?? 0));
  return QUANTILES.map((quantile) => ({ quantile, value: histogramQuantile(quantile, bounds, counts) }));
}

function brief(value: number): string {
  return String(Number(value.toPrecision(4)));
}
