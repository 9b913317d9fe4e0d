import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { Scale } from '../runner/benchmark';
import { folderOf, readResults } from '../runner/results';
import { renderChart } from './chart';
import { chartsOf } from './charts';
import { renderMarkdown } from './markdown';
import { Suite } from './suite';

const ROOT = join(__dirname, '..', '..', '..');
/** Written by hand; becomes the last section. */
const NOTES = join(ROOT, 'docs', 'performance-notes.md');

/**
 * Writes the report of all results that there are, and its charts. That of a quick run stays beside its results.
 *
 * @returns the file
 */
export function renderReport(scale: Scale): string {
  const folder = folderOf(scale);
  const suite = new Suite(readResults(folder));
  const file = join(scale === 'quick' ? folder : join(ROOT, 'docs'), 'performance.md');
  const charts = chartsOf(suite);
  const chartFolder = join(dirname(file), 'performance');
  mkdirSync(chartFolder, { recursive: true });
  for (const [name, chart] of charts) writeFileSync(join(chartFolder, `${name}.svg`), renderChart(chart));
  writeFileSync(file, renderMarkdown(suite, charts, readFileSync(NOTES, 'utf8')));
  return relative(process.cwd(), file);
}
