import { setImmediate } from 'node:timers/promises';
import { PROMETHEUS_TEXT } from '../exposition/prometheus';
import { TextRenderer } from '../exposition/renderer';
import { decodeScrape } from '../scrape/decode';
import type { Snapshot } from '../snapshot/snapshot';
import { lint } from './lint';
import type { Finding } from './rules';

/**
 * Lints a snapshot as a scrape would show it, one metric at a time: so it needs the memory of one metric only, and the
 * event loop turns in between. Uses its own renderer, since others may render newer snapshots meanwhile.
 */
export async function lintSnapshot(
  snapshot: Snapshot,
  defaultLabels: Readonly<Record<string, string>>,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const family of [...snapshot.families]) {
    const body = new TextRenderer(PROMETHEUS_TEXT, defaultLabels).render({ ...snapshot, families: [family] });
    // line numbers are dropped: the user does not see the text
    for (const { line, ...finding } of lint(decodeScrape(body, PROMETHEUS_TEXT.contentType))) findings.push(finding);
    await setImmediate();
  }
  return findings;
}
