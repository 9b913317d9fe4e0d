import type { Family } from '../registry/family';
import type { Signals } from './signals';

/** A line of a chart, or one line per value of a label. */
export interface PanelQuery {
  /** PromQL with `[$window]`. */
  expression: string;
  /** The line's name; or the label with the name, and the name of a series without that label. */
  name: string | { label: string; otherwise: string };
}

export const PANELS = ['requests', 'heatmap', 'eventLoop', 'memory', 'cpu', 'gc'] as const;
/** Charts: those of expressions, and one computed from the heat map. */
export type PanelName = (typeof PANELS)[number] | 'latency';
export type Panels = Readonly<Record<(typeof PANELS)[number], readonly PanelQuery[]>>;

export const BY_BOUND = { label: 'le', otherwise: '+Inf' } as const;
const BY_THREAD = { label: 'thread', otherwise: 'main' } as const;

/** The queries of each chart for the existing metrics. */
export function panelsFor(families: readonly Family[], { requests, errors, latency }: Signals): Panels {
  const find = (...endings: string[]): string | undefined => {
    for (const ending of endings) {
      const found = families.find(({ definition: { name }, series }) => name.endsWith(ending) && series.count > 0);
      if (found !== undefined) return found.definition.name;
    }
    return undefined;
  };
  const gc = find('nodejs_gc_duration_seconds');
  return {
    requests: [...line('requests', requests), ...line('errors', errors)],
    heatmap: latency === undefined ? [] : [{ expression: bucketsOf(latency), name: BY_BOUND }],
    eventLoop: lines(find('nodejs_eventloop_lag_p99_seconds', 'nodejs_eventloop_lag_seconds'), BY_THREAD),
    memory: [
      ...line('resident', find('process_resident_memory_bytes')),
      ...line('heap used', sum(find('nodejs_heap_size_used_bytes'))),
      ...line('external', sum(find('nodejs_external_memory_bytes'))),
    ],
    cpu: line(
      'process',
      wrap(find('process_cpu_seconds_total'), (name) => `sum(rate(${name}[$window]))`),
    ),
    gc: lines(
      wrap(gc, (name) => `sum by (kind) (rate(${name}_sum[$window]))`),
      { label: 'kind', otherwise: 'all' },
    ),
  };
}

export function bucketsOf(latency: string): string {
  return `sum by (le) (rate(${latency}_bucket[$window]))`;
}

function sum(name: string | undefined): string | undefined {
  return wrap(name, (one) => `sum(${one})`);
}

function wrap(name: string | undefined, into: (name: string) => string): string | undefined {
  return name === undefined ? undefined : into(name);
}

function line(name: string, expression: string | undefined): PanelQuery[] {
  return lines(expression, name);
}

function lines(expression: string | undefined, name: PanelQuery['name']): PanelQuery[] {
  return expression === undefined ? [] : [{ expression, name }];
}
