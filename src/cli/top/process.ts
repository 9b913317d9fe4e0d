import { groupBy, type ScrapePair } from './reading';
import type { Section } from './section';
import { bytes, count, duration, percent } from './units';

const GAP = '   ';

/** A summary of the process in one line, without unknown parts and those that do not fit. */
export function processLine(reading: ScrapePair, now: number, columns: number): string {
  const start = reading.value('process_start_time_seconds');
  const parts: readonly (readonly [string, string, unknown])[] = [
    ['cpu', percent(cpu(reading)), cpu(reading)],
    ['rss', bytes(reading.value('process_resident_memory_bytes')), reading.value('process_resident_memory_bytes')],
    ['heap', heap(reading), first(reading, HEAP_USED)],
    ['gc', percent(gc(reading)), gc(reading)],
    ['goroutines', count(reading.value('go_goroutines')), reading.value('go_goroutines')],
    ['fds', count(reading.value('process_open_fds')), reading.value('process_open_fds')],
    ['up', duration(start === undefined ? undefined : Math.max(now / 1_000 - start, 0)), start],
  ];
  const known = parts.filter(([, , value]) => value !== undefined).map(([name, text]) => `${name} ${text}`);
  while (known.length > 1 && known.join(GAP).length > columns) known.pop();
  return known.length === 0 ? 'no metrics of the process' : known.join(GAP);
}

const HEAP_USED = ['nodejs_heap_size_used_bytes', 'go_memstats_heap_inuse_bytes', 'v8js_memory_heap_used_bytes'];
const HEAP_TOTAL = ['nodejs_heap_size_total_bytes', 'go_memstats_heap_sys_bytes'];
const GC_TIME = ['nodejs_gc_duration_seconds_sum', 'go_gc_duration_seconds_sum', 'v8js_gc_duration_seconds_sum'];

/** The value of the first of several names that exists. */
function first(reading: ScrapePair, names: readonly string[]): number | undefined {
  return names.map((name) => reading.value(name)).find((value) => value !== undefined);
}

function heap(reading: ScrapePair): string {
  const total = first(reading, HEAP_TOTAL);
  return `${bytes(first(reading, HEAP_USED))}${total === undefined ? '' : ` of ${bytes(total)}`}`;
}

/** CPU usage; 1 = one CPU. */
function cpu(reading: ScrapePair): number | undefined {
  const both = reading.rate('process_cpu_seconds_total');
  if (both !== undefined) return both;
  const [user, system] = ['user', 'system'].map((kind) => reading.rate(`process_cpu_${kind}_seconds_total`));
  return user === undefined || system === undefined ? undefined : user + system;
}

/** Share of the time spent in garbage collection. */
function gc(reading: ScrapePair): number | undefined {
  return GC_TIME.map((name) => reading.rate(name)).find((rate) => rate !== undefined);
}

/** Columns of a thread's event loop, with the metrics that contain them. */
const COLUMNS: readonly (readonly [
  head: string,
  names: readonly string[],
  show: (value: number | undefined) => string,
])[] = [
  ['LAG', ['nodejs_eventloop_lag_seconds'], duration],
  ['P99', ['nodejs_eventloop_lag_p99_seconds', 'nodejs_eventloop_delay_p99_seconds'], duration],
  ['BUSY', ['nodejs_eventloop_utilization_ratio', 'nodejs_eventloop_utilization'], percent],
  ['HEAP', HEAP_USED.slice(0, 1), bytes],
  ['STALLED', ['ringmeter_event_loop_stalled_seconds'], duration],
];

/** Event loops by thread, stalled ones first. Without a label `thread`, a single row. */
export function threadsSection(reading: ScrapePair): Section {
  const threads = new Map<string, Map<string, number>>();
  for (const [head, names] of COLUMNS)
    for (const name of names)
      for (const [label, samples] of groupBy(reading.samples(name), 'thread')) {
        // most metrics of the main thread have no label
        const thread = label || 'main';
        const values = threads.get(thread) ?? new Map<string, number>();
        if (!values.has(head))
          values.set(
            head,
            samples.reduce((most, { value }) => Math.max(most, value), 0),
          );
        threads.set(thread, values);
      }
  const worst = (values: Map<string, number>): number => values.get('STALLED') ?? 0;
  const sorted = [...threads]
    .filter(([, values]) => ['LAG', 'P99', 'BUSY', 'STALLED'].some((head) => values.has(head)))
    .sort(([, a], [, b]) => worst(b) - worst(a));
  const rows = sorted.map(([thread, values]) => [thread, ...COLUMNS.map(([head, , show]) => show(values.get(head)))]);
  return { head: ['EVENT LOOP', ...COLUMNS.map(([head]) => head)], rows, least: 2, most: 8 };
}
