import type { Family } from '../registry/catalog';
import type { Signals } from './signals';

/** A line of a chart, or as many as a label has values. */
export interface PanelQuery {
  /** PromQL with `[$window]`. */
  expression: string;
  /** What the line is called; or the label that says so, and what a series without it is called. */
  name: string | { label: string; otherwise: string };
}

export const PANELS = ['requests', 'heatmap', 'eventLoop', 'memory', 'cpu', 'gc'] as const;
/** Charts: those of expressions, and one of what the heat map comes to. */
export type PanelName = (typeof PANELS)[number] | 'latency';
export type Panels = Readonly<Record<(typeof PANELS)[number], readonly PanelQuery[]>>;

export const BY_BOUND = { label: 'le', otherwise: '+Inf' } as const;
const BY_THREAD = { label: 'thread', otherwise: 'main' } as const;

/** What each chart shows, with the metrics that there are. */
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
