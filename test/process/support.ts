import type { MetricsCollector } from 'ringmeter';
import { type ParsedFamily, parseExposition } from '../helpers/parse-exposition';

/** The families of an exposition by name. */
export async function familiesOf(collector: MetricsCollector): Promise<Map<string, ParsedFamily>> {
  return byName((await collector.exposition()).body);
}

export function byName(body: Uint8Array): Map<string, ParsedFamily> {
  return new Map(parseExposition(body).map((family) => [family.name, family]));
}

/** The value of a line of a family that has these labels, perhaps among others. */
export function lineValue(
  families: Map<string, ParsedFamily>,
  name: string,
  labels: Record<string, string> = {},
): number | undefined {
  const fits = (own: Record<string, string>) => Object.entries(labels).every(([key, value]) => own[key] === value);
  return families.get(name)?.lines.find((line) => fits(line.labels))?.value;
}
