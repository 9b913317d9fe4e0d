import type { Scrape, ScrapedFamily } from '../scrape/types';
import { histogramSeries, observedByLayout } from './histograms';
import { lintLabels } from './labels';
import { lintLayout } from './layout';
import { lintNames } from './names';
import { type Finding, type LintRule, type Report, RULES, type Severity } from './rules';
import { lintNote, lintStructure } from './structure';

const ORDER: readonly Severity[] = ['error', 'warning', 'advice'];

/** Checks an exposition. Findings are in the order of its metrics; those of a metric in order of severity. */
export function lint({ families, notes }: Scrape): Finding[] {
  const findings = new Findings();
  for (const note of notes.filter(({ metric }) => metric === '')) lintNote(note, findings.about(''));
  for (const family of families) {
    const report = findings.about(family.name);
    lintStructure(family, report);
    lintNames(family, report);
    lintLabels(family, report);
    lintBuckets(family, report);
  }
  for (const note of notes.filter(({ metric }) => metric !== '')) lintNote(note, findings.about(note.metric));
  return findings.all();
}

function lintBuckets(family: ScrapedFamily, report: Report): void {
  if (family.type !== 'histogram') return;
  const layouts = observedByLayout(histogramSeries(family));
  if (layouts.length > 1)
    report(
      'histogram-layouts',
      `has ${layouts.length} different sets of bounds: its series cannot be added up. Use the same for all`,
    );
  for (const observed of layouts) lintLayout(observed, report);
}

/** Findings by metric, without duplicates. */
class Findings {
  private readonly byMetric = new Map<string, Map<string, { finding: Finding; times: number }>>();

  about(metric: string): Report {
    let found = this.byMetric.get(metric);
    if (found === undefined) {
      found = new Map();
      this.byMetric.set(metric, found);
    }
    return (rule: LintRule, message, more = {}) => {
      const key = `${rule} ${more.label ?? ''}`;
      const known = found.get(key);
      if (known) known.times++;
      else
        found.set(key, {
          finding: { rule, severity: RULES[rule], metric, message: message.trim(), ...more },
          times: 1,
        });
    };
  }

  all(): Finding[] {
    return [...this.byMetric.values()].flatMap((found) =>
      [...found.values()]
        .map(({ finding, times }) =>
          times === 1 ? finding : { ...finding, message: `${finding.message} (${times} times)` },
        )
        .sort((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity)),
    );
  }
}
