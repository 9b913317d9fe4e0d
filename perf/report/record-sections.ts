import { KINDS } from '../contenders/contender';
import { cell, libraries, peerRatio, present, valuesOf } from './columns';
import { count, NOTHING, table, times } from './format';
import type { Suite } from './suite';

const HOT_PATH = 'hot-path';
const MANNERS = ['no labels', 'bound', 'label object'];
const FEW = 10;
const MANY = 500;

export function hotPathSection(suite: Suite): string {
  return [
    `Nanoseconds per record with ${FEW} series, in bursts of 16,384 that fit ringmeter's ring; all kinds of metrics have been used`,
    "before any is timed. `window` is a summary with a sliding window of ten minutes (all of ringmeter's are). A label object",
    'has three labels and is made for each record. The floor is a number in a typed array of the recording thread, found',
    'through an object per handle or three nested maps: no checks, no other thread may look.',
    '',
    costs(suite, FEW),
    '',
    'Bytes of heap per record. Those of the floor with a label object are the object itself.',
    '',
    bytes(suite),
    ...labelValues(suite),
    '',
    'ringmeter with ever more series, touched at random: nanoseconds per record of series that have to be fetched from memory',
    '(a first burst after a pause), and of the same series once more. Handles are objects that are fetched as well: those of',
    'the floor are as many.',
    '',
    flatness(suite),
  ].join('\n');
}

function rowsOf(suite: Suite): string[] {
  const all = KINDS.flatMap((kind) => MANNERS.map((manner) => `${kind}, ${manner}`));
  return all.filter(
    (row) => cell(suite, { benchmark: HOT_PATH, contender: 'ringmeter', row, column: 'ns' }) !== NOTHING,
  );
}

function costs(suite: Suite, series: number, rows = rowsOf(suite)): string {
  const { contenders, titles } = libraries(suite, HOT_PATH);
  const others = present(suite, HOT_PATH, ['native-histogram']);
  const columns = ['floor', ...contenders, ...others];
  const query = (contender: string, row: string) => ({
    benchmark: HOT_PATH,
    contender,
    parameters: { series },
    row,
    column: 'ns',
  });
  const heading = ['', 'floor', ...titles, ...others.map((one) => suite.title(HOT_PATH, one))];
  return table([
    [...heading, 'ringmeter / floor', 'cheapest peer / ringmeter'],
    ...rows.map((row) => [
      row,
      ...columns.map((contender) => cell(suite, query(contender, row))),
      times(suite.ratio(query('ringmeter', row), query('floor', row))),
      peerRatio(suite, query('', row)),
    ]),
  ]);
}

function bytes(suite: Suite): string {
  const { contenders, titles } = libraries(suite, HOT_PATH);
  const columns = ['floor', ...contenders];
  const parameters = { series: FEW };
  return table([
    ['', 'floor', ...titles],
    ...rowsOf(suite).map((row) => [row, ...columns.map((contender) => whole(suite, contender, parameters, row))]),
  ]);
}

function whole(suite: Suite, contender: string, parameters: { series: number }, row: string): string {
  const spread = suite.spread({ benchmark: HOT_PATH, contender, parameters, row, column: 'bytes' });
  return spread === undefined ? NOTHING : Math.round(spread.median).toLocaleString('en');
}

function labelValues(suite: Suite): string[] {
  if (!valuesOf<number>(suite, HOT_PATH, 'series').includes(MANY)) return [];
  const rows = rowsOf(suite).filter((row) => row.endsWith('label object'));
  return ['', `Nanoseconds per record with label values drawn from ${MANY} series:`, '', costs(suite, MANY, rows)];
}

function flatness(suite: Suite): string {
  const sizes = valuesOf<number>(suite, HOT_PATH, 'series').sort((a, b) => a - b);
  const rows = ['bound', 'label object'].flatMap((manner) =>
    ['counter', 'gauge', 'histogram', 'summary'].flatMap((kind) =>
      ['ringmeter', 'floor'].flatMap((contender) =>
        (['firstNs', 'ns'] as const).map((column) => ({ contender, row: `${kind}, ${manner}`, kind, column })),
      ),
    ),
  );
  const cells = rows.map(({ contender, row, kind, column }) => [
    `${contender}: ${row}, ${column === 'ns' ? 'again' : 'first'}`,
    ...sizes.map((series) => {
      const own = { benchmark: HOT_PATH, contender, parameters: { series, kinds: kind }, row, column };
      const together = { ...own, parameters: { series, kinds: 'all' } };
      const found = cell(suite, together);
      return found === NOTHING ? cell(suite, own) : found;
    }),
  ]);
  const measured = cells.filter(([, ...values]) => values.some((value) => value !== NOTHING));
  return table([['series', ...sizes.map(count)], ...measured]);
}

const THREADS = 'record-on-threads';

export function threadsSection(suite: Suite): string {
  const contenders = present(suite, THREADS, ['floor', 'ringmeter', 'prom-client', 'opentelemetry']);
  const threads = valuesOf<number>(suite, THREADS, 'threads').sort((a, b) => a - b);
  const rows = valuesOf<string>(suite, THREADS, 'kind').flatMap((kind) =>
    contenders.flatMap((contender) =>
      ['bursts', 'sustained'].map((row) => [
        `${suite.title(THREADS, contender)}: ${kind}, ${row}`,
        ...threads.map((count) =>
          cell(suite, { benchmark: THREADS, contender, parameters: { kind, threads: count }, row, column: 'ns' }),
        ),
      ]),
    ),
  );
  const cores = suite.of(THREADS)?.machine.cores ?? 0;
  return [
    'Nanoseconds per record on worker threads that record at the same time, into 1,000 series, bound where there are handles.',
    'ringmeter adds the threads up; in the others each thread has metrics of its own. In bursts, each followed by a pause',
    "until it is drained; and sustained, without a pause: ringmeter's rings overflow, and most records are folded in place.",
    ...(Math.max(...threads) + 1 > cores
      ? [`With ${cores} cores, threads beyond that, and the flush worker, take turns on them.`]
      : []),
    '',
    table([
      ['threads', ...threads.map(String)],
      ...rows.filter(([, ...cells]) => cells.some((one) => one !== NOTHING)),
    ]),
  ].join('\n');
}
