import { setImmediate } from 'node:timers/promises';
import { PROMETHEUS_TEXT } from '../exposition/prometheus';
import { TextRenderer } from '../exposition/renderer';
import { decodeScrape } from '../scrape/decode';
import type { Snapshot } from '../snapshot/snapshot';
import { lint } from './lint';
import type { Finding } from './rules';

/**
 * Lints a snapshot as a scrape would show it. One metric at a time: it takes the memory of one, and the thread goes on
 * with its other work in between. With a renderer of its own, since newer snapshots may be rendered meanwhile.
 */
export async function lintSnapshot(
  snapshot: Snapshot,
  defaultLabels: Readonly<Record<string, string>>,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const family of [...snapshot.families]) {
    const body = new TextRenderer(PROMETHEUS_TEXT, defaultLabels).render({ ...snapshot, families: [family] });
    // lines of a text that nobody sees help nobody
    for (const { line, ...finding } of lint(decodeScrape(body, PROMETHEUS_TEXT.contentType))) findings.push(finding);
    await setImmediate();
  }
  return findings;
}
