import { type CollectorOptions, type ErrorCode, MetricsCollector } from 'ringmeter';
import type { Test } from 'tap';

/**
 * A collector without workers that flushes only when asked, so that nothing happens but what the test does. A collect
 * waits long for the answers of threads, so that those of a busy machine are not missed.
 */
export function collectorFor(t: Test, options: CollectorOptions = {}): MetricsCollector {
  const collector = new MetricsCollector({ flushWorkers: 0, flushInterval: 0, collectTimeout: 10_000, ...options });
  t.teardown(() => collector.close());
  return collector;
}

export async function textOf(collector: MetricsCollector): Promise<string> {
  return Buffer.from((await collector.exposition()).body).toString();
}

/** The samples of an exposition, `name{labels}` to number; strict, so that corrupt output cannot pass. */
export async function samplesOf(collector: MetricsCollector): Promise<Map<string, number>> {
  return parseExposition(await textOf(collector));
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const PAIR = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\[\\\\n"])*"';
const SAMPLE = new RegExp(`^(${NAME}(?:\\{${PAIR}(?:,${PAIR})*\\})?) (\\S+)$`);
const COMMENT = new RegExp(`^# (?:HELP ${NAME} .*|TYPE ${NAME} (?:counter|gauge|histogram|summary))$`);

export function parseExposition(text: string): Map<string, number> {
  const samples = new Map<string, number>();
  for (const line of text.split('\n').slice(0, -1)) {
    if (COMMENT.test(line)) continue;
    const match = SAMPLE.exec(line);
    if (match === null) throw new Error(`not a line of the text format: ${line.slice(0, 200)}`);
    const labelNames = [...match[1].matchAll(/([a-zA-Z0-9_]+)="(?:[^"\\]|\\.)*"/g)].map(([, name]) => name);
    if (new Set(labelNames).size !== labelNames.length) throw new Error(`a label name stands twice: ${line}`);
    if (samples.has(match[1])) throw new Error(`a sample stands twice: ${line}`);
    samples.set(match[1], toNumber(match[2]));
  }
  return samples;
}

function toNumber(text: string): number {
  const value = text === '+Inf' ? Number.POSITIVE_INFINITY : text === '-Inf' ? Number.NEGATIVE_INFINITY : Number(text);
  if (Number.isNaN(value) && text !== 'NaN') throw new Error(`not a number: ${text}`);
  return value;
}

/** A definition that must be refused. The code is what users match on; the message must say what was wrong. */
export function refuses(t: Test, define: () => unknown, code: ErrorCode, ...says: string[]): void {
  let thrown: { code?: unknown; name?: unknown; message?: unknown } | undefined;
  try {
    define();
  } catch (error) {
    thrown = error as typeof thrown;
  }
  const label = `${code} ${says.join(' ')}`;
  if (thrown?.code !== code) {
    t.fail(`${label}: got ${thrown === undefined ? 'no error' : `${thrown.code} ${thrown.message}`}`);
    return;
  }
  t.equal(thrown.name, 'RingmeterError', label);
  for (const part of says) t.ok(String(thrown.message).includes(part), `"${thrown.message}" contains "${part}"`);
}

/** The law of conservation, with the number of calls that the test itself counted. */
export function conserves(t: Test, collector: MetricsCollector, calls: number): void {
  const { recorded, folded, pending, dropped, invalid } = collector.stats();
  t.equal(recorded, calls, 'every call was counted');
  t.equal(folded + pending + dropped + invalid, recorded, 'recorded = folded + pending + dropped + invalid');
}

/** Puts a clock in place of `performance.now` that only moves when told to. Returns how to move it, in milliseconds. */
export function stopTime(t: Test): (milliseconds: number) => void {
  const real = performance.now;
  let now = Math.floor(real.call(performance));
  performance.now = () => now;
  t.teardown(() => {
    performance.now = real;
  });
  return (milliseconds) => {
    now += milliseconds;
  };
}

/** Puts clocks in place of `Date.now` and the system's monotonic one that only move when told to. */
export function stopWallClock(t: Test): (milliseconds: number) => void {
  const { now: realNow } = Date;
  const { bigint: realBigint } = process.hrtime;
  const [start, startedAt] = [realNow(), realBigint()];
  let passed = 0;
  let asked = 0;
  Date.now = () => start + passed;
  // a microsecond later each time: of two snapshots, one is newer
  process.hrtime.bigint = () => startedAt + BigInt(Math.round(passed * 1e6)) + BigInt(++asked) * 1_000n;
  t.teardown(() => {
    Date.now = realNow;
    process.hrtime.bigint = realBigint;
  });
  return (milliseconds) => {
    passed += milliseconds;
  };
}

/** Waits until something holds. The deadline bounds a hang, and says nothing about how fast the machine is. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, deadline = 60_000): Promise<void> {
  const end = performance.now() + deadline;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`not within ${deadline} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** A seed that is printed with the test's name, and can be given back. */
export const SEED = Number(process.env.RINGMETER_SEED ?? Math.floor(Math.random() * 2 ** 31));
