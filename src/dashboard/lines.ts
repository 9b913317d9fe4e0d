import { RingmeterError } from '../common/errors';
import { finiteOrNull } from '../common/format-float';
import type { LabelSet, QueryResult } from '../query/types';
import type { PanelQuery } from './panels';

/** Series of one expression that are shown: more buckets than a histogram has, and more threads than can be told apart. */
export const MOST_LINES = 256;

/** The values of an expression at one moment, by line. */
export function linesOf(name: PanelQuery['name'], result: QueryResult | undefined): Record<string, number | null> {
  if (result?.type === 'scalar') return { [lineName(name, {})]: finiteOrNull(result.value) };
  if (result?.type !== 'vector') return {};
  const shown = result.samples.slice(0, MOST_LINES);
  return Object.fromEntries(shown.map(({ labels, value }) => [lineName(name, labels), finiteOrNull(value)]));
}

export function lineName(name: PanelQuery['name'], labels: LabelSet): string {
  return typeof name === 'string' ? name : labels[name.label] || name.otherwise;
}

/** Resolves to undefined if the evaluation fails, without affecting other lines; the document reports the error. */
export async function answered<T>(evaluation: Promise<T>): Promise<T | undefined> {
  try {
    return await evaluation;
  } catch (error) {
    if (error instanceof RingmeterError) return undefined;
    throw error;
  }
}
