import { printable } from '../common/printable';
import type { Finding, Severity } from '../lint/rules';
import { type Paint, painter, type Style } from './style';

const COLOURS: Record<Severity, Style> = { error: 'red', warning: 'yellow', advice: 'cyan' };

/** Findings for people, grouped by metric; nothing if there are none. */
export function findingsText(findings: readonly Finding[], isColoured: boolean): string {
  const paint = painter(isColoured);
  let text = '';
  let metric: string | undefined;
  for (const finding of findings) {
    if (finding.metric !== metric) text += `${metric === undefined ? '' : '\n'}${heading(finding.metric, paint)}\n`;
    metric = finding.metric;
    const { severity, message, rule, line } = finding;
    const where = line === undefined ? '' : ` (line ${line})`;
    text += `  ${paint(COLOURS[severity], severity.padEnd(7))}  ${printable(message)}${where}  ${paint('dim', `[${rule}]`)}\n`;
  }
  return text === '' ? '' : `${text}\n${summary(findings)}\n`;
}

function heading(metric: string, paint: Paint): string {
  return paint('bold', metric === '' ? '(exposition)' : printable(metric));
}

function summary(findings: readonly Finding[]): string {
  const count = (severity: Severity): number => findings.filter((finding) => finding.severity === severity).length;
  const metrics = new Set(findings.map(({ metric }) => metric)).size;
  return `${plural(count('error'), 'error')}, ${plural(count('warning'), 'warning')}, ${count('advice')} of advice, about ${plural(metrics, 'metric')}`;
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}
