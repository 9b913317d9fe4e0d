import { OPERATIONS } from './contenders/contender';
import { flatName, ROWS, SERIES_COUNTS } from './contenders/flatness';
import { SUSTAINED } from './contenders/sustained';
import type { Measured } from './measure';
import type { Answers, Machine } from './record';
import { median, type Spread, spread } from './statistics';
import { table } from './table';
import { BURST } from './workload';

const PEERS = ['prom-client', 'prometheus-io', 'opentelemetry'];
const STORE = 'store';
const STORE_WITH_LABELS = 'store, label object';
const NOTHING = '-';

/** The whole text that is printed. */
export function report(answers: Answers, machine: Machine, repetitions: number): string {
  const sections = [
    `${machine.cpu}, ${machine.cores} cores, ${machine.platform}, ${machine.node}`,
    `Median of ${repetitions} processes each, taking turns; in brackets the fastest and the slowest process.`,
    '',
    `Nanoseconds per record, in bursts of ${BURST} that fit ringmeter's ring`,
    '',
    times(answers),
    "x floor: against a plain store into a typed array. peer / ringmeter: how many times cheaper than the fastest peer's.",
    '',
    'Bytes of heap per record',
    '',
    bytes(answers),
    `Growth of V8's used heap over a run without a garbage collection. ${bytesOfLabels(answers)}`,
    '',
    'ringmeter: nanoseconds per bound record with many series touched at random',
    '',
    flatness(answers),
    'first: series that have to be fetched from memory, after a pause. again: the same series once more.',
    'floor: reading a field of as many objects at random, and storing it. event: a counter event for as many series,',
    'without touching their handles: what is beyond it is the fetching of handles, which are objects like any others.',
    '',
    sustained(answers),
    ...skips(answers),
  ];
  return `${sections.join('\n')}\n`;
}

/** What the repetitions measured, undefined where the contender has no such operation. */
function over(answers: Answers, file: string, name: string, of: (m: Measured) => number | undefined) {
  const values = answers[file].map(({ measured }) => measured[name] && of(measured[name]));
  const present = values.filter((value) => value !== undefined);
  return present.length === 0 ? undefined : spread(present);
}

const nsOf = (answers: Answers, file: string, name: string): Spread | undefined =>
  over(answers, file, name, ({ ns }) => ns);

const bytesOf = (answers: Answers, file: string, name: string): Spread | undefined =>
  over(answers, file, name, ({ bytes }) => bytes);

/** Of each repetition's own ratio: what slows the machine down for a while slows both. */
function ratio(answers: Answers, above: [file: string, name: string], below: [file: string, name: string]): number {
  return median(
    answers[above[0]].map(
      ({ measured }, repetition) =>
        measured[above[1]].ns / (answers[below[0]][repetition]?.measured[below[1]].ns ?? Number.NaN),
    ),
  );
}

function titleOf(answers: Answers, file: string): string {
  return answers[file][0].title;
}

function running(answers: Answers): string[] {
  return PEERS.filter((file) => answers[file][0].skipped === undefined);
}

function times(answers: Answers): string {
  const peers = running(answers);
  const heading = ['', 'ringmeter', 'x floor', ...peers.map((file) => titleOf(answers, file)), 'peer / ringmeter'];
  const rows = OPERATIONS.map((operation) => {
    const fastest = peers
      .filter((file) => nsOf(answers, file, operation) !== undefined)
      .sort((a, b) => nsOf(answers, a, operation)!.median - nsOf(answers, b, operation)!.median)[0];
    return [
      operation,
      withSpread(nsOf(answers, 'ringmeter', operation)),
      times1(ratio(answers, ['ringmeter', operation], ['floor', STORE])),
      ...peers.map((file) => withSpread(nsOf(answers, file, operation))),
      fastest === undefined ? NOTHING : times1(ratio(answers, [fastest, operation], ['ringmeter', operation])),
    ];
  });
  const floors = [STORE, STORE_WITH_LABELS].map((name) => [
    `floor: ${name}`,
    withSpread(nsOf(answers, 'floor', name)),
    times1(ratio(answers, ['floor', name], ['floor', STORE])),
    ...peers.map(() => NOTHING),
    NOTHING,
  ]);
  return table([heading, ...floors, ...rows]);
}

function bytes(answers: Answers): string {
  const files = ['ringmeter', ...running(answers)];
  return table([
    ['', ...files.map((file) => titleOf(answers, file))],
    ...OPERATIONS.map((operation) => [operation, ...files.map((file) => whole(bytesOf(answers, file, operation)))]),
  ]);
}

function bytesOfLabels(answers: Answers): string {
  return `Of every "label object" row ${whole(bytesOf(answers, 'floor', STORE_WITH_LABELS))} are the caller's object.`;
}

function flatness(answers: Answers): string {
  const cells = (row: string, of: (m: Measured) => number): string[] =>
    SERIES_COUNTS.map((series) => withSpread(over(answers, 'flatness', flatName(row, series), of)));
  const counts = SERIES_COUNTS.map((series) => series.toLocaleString('en'));
  return table([
    ['series', ...counts.map((count) => `${count} again`), ...counts.map((count) => `${count} first`)],
    ...ROWS.map((row) => [row, ...cells(row, ({ ns }) => ns), ...cells(row, ({ firstNs }) => firstNs)]),
  ]);
}

function sustained(answers: Answers): string {
  const ns = withSpread(nsOf(answers, 'sustained', SUSTAINED));
  const floors = times1(ratio(answers, ['sustained', SUSTAINED], ['floor', STORE]));
  return `ringmeter, ${SUSTAINED} (rings overflow, records are folded in place): ${ns} ns, ${floors} floor`;
}

function skips(answers: Answers): string[] {
  return PEERS.flatMap((file) => {
    const { skipped } = answers[file][0];
    return skipped === undefined ? [] : [`Not measured: ${skipped}`];
  });
}

function withSpread(value: Spread | undefined): string {
  return value === undefined ? NOTHING : `${short(value.median)} (${short(value.min)}-${short(value.max)})`;
}

function short(ns: number): string {
  return ns.toFixed(ns < 100 ? 1 : 0);
}

function whole(value: Spread | undefined): string {
  return value === undefined ? NOTHING : value.median.toFixed(0);
}

function times1(value: number): string {
  return `${value.toFixed(1)} x`;
}
