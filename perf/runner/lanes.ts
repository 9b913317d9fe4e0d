import { versionOf } from '../contenders/version';
import { installNode } from './node-22';

/** A contender on one version of Node. */
export interface Lane {
  name: string;
  contender: string;
  /** The executable. */
  node: string;
  nodeVersion: string;
  /** Measured only where the contender of this name is, to have a figure of the same Node beside it. */
  beside?: string;
}

/** What keeps a contender from being measured at all. */
export interface Skip {
  contender: string;
  reason: string;
}

/** In the order in which they take turns. */
export const CONTENDERS = [
  'none',
  'scraped-beside',
  'floor',
  'native-histogram',
  'ringmeter',
  'prom-client',
  'prometheus-io',
  'opentelemetry',
] as const;

/** Needs a newer Node than the others. */
const NEWEST = 'prometheus-io';
const OLDEST_NODE_OF_NEWEST = 22;
/** What is measured a second time beside it. */
const COMPANIONS = ['none', 'floor', 'ringmeter'];

/** @param print is told what is installed */
export function openLanes(print: (line: string) => void): { lanes: Lane[]; skips: Skip[] } {
  const here = { node: process.execPath, nodeVersion: process.versions.node };
  const lanes: Lane[] = CONTENDERS.map((contender) => ({ name: contender, contender, ...here }));
  if (Number(process.versions.node.split('.')[0]) >= OLDEST_NODE_OF_NEWEST) return { lanes, skips: [] };
  const at = lanes.findIndex(({ contender }) => contender === NEWEST);
  const installed = installNode(OLDEST_NODE_OF_NEWEST, print);
  if ('failed' in installed) {
    lanes.splice(at, 1);
    const needs = `@prometheus-io/client ${versionOf('@prometheus-io/client')} needs Node ${OLDEST_NODE_OF_NEWEST}`;
    return { lanes, skips: [{ contender: NEWEST, reason: `${needs}, which could not be had: ${installed.failed}` }] };
  }
  const companions = COMPANIONS.map((contender) => ({
    ...installed,
    name: `${contender}-node${OLDEST_NODE_OF_NEWEST}`,
    contender,
    beside: NEWEST,
  }));
  lanes.splice(at, 1, { ...lanes[at], ...installed }, ...companions);
  return { lanes, skips: [] };
}
