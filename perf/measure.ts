import type { Benchmark, Session } from './contenders/contender';
import { bytesPerRecord } from './heap';
import { median } from './statistics';
import { BURST, SERIES, sumOfValues, VALUE_MASK, values } from './workload';

/** What one process finds out about one operation. */
export interface Measured {
  /** Nanoseconds per record, with the series that are recorded in the processor's caches: the median burst. */
  ns: number;
  /** The same for the first burst after a pause, which has to fetch them from memory. */
  firstNs: number;
  /** Bytes of V8's heap per record. */
  bytes?: number;
}

const WARM_ROUNDS = 3;
/** Records of a run whose allocations are counted: few enough that no garbage collection comes. */
const BYTES_RUN = BURST / 4;
const FEWEST_BURSTS = 5;

/** One operation of a session, with the account of what it was made to record. */
export class Measurement {
  private records = 0;
  private sum = 0;
  private lastRun = 0;

  constructor(
    private readonly benchmark: Benchmark,
    private readonly session: Session,
  ) {}

  async warm(): Promise<void> {
    this.burst();
    this.burst();
    await this.session.settle?.();
  }

  /** @param budget milliseconds to spend on bursts, if that is enough for FEWEST_BURSTS */
  async measure(budget: number): Promise<Measured> {
    await this.warm();
    const first: number[] = [];
    const again: number[] = [];
    const deadline = performance.now() + budget;
    while (again.length < FEWEST_BURSTS || performance.now() < deadline) {
      this.benchmark.moveOn?.();
      first.push(this.burst());
      again.push(this.burst());
      await this.session.settle?.();
    }
    const bytes = this.session.countsBytes ? await this.bytes() : undefined;
    return { ns: median(again), firstNs: median(first), bytes };
  }

  private async bytes(): Promise<number> {
    const { benchmark, session } = this;
    const bytes = await bytesPerRecord(
      (records) => benchmark.run(records),
      BYTES_RUN,
      (records) => this.account(records),
    );
    await session.settle?.();
    return bytes;
  }

  /** @returns nanoseconds per record */
  private burst(): number {
    const began = process.hrtime.bigint();
    this.benchmark.run(BURST);
    const nanoseconds = Number(process.hrtime.bigint() - began);
    this.account(BURST);
    return nanoseconds / BURST;
  }

  /** Compares what was recorded with what the library says. Returns what is wrong, if anything is. */
  async verify(): Promise<string | undefined> {
    const { kind, expectedSum } = this.benchmark;
    const total = await this.benchmark.read();
    if (kind !== 'gauge' && total.count !== this.records) return `${this.records} recorded, ${total.count} read back`;
    const sum = kind === 'gauge' ? (expectedSum ?? sumOfLastValues)(this.lastRun) : this.sum;
    if (kind !== 'counter' && total.sum !== sum) return `a sum of ${sum} recorded, ${total.sum} read back`;
    return undefined;
  }

  private account(records: number): void {
    this.records += records;
    this.sum += sumOfValues(records);
    this.lastRun = records;
  }
}

/** Runs every operation in turn, so that V8 has seen them all before any is timed, as in a program that uses them. */
export async function warm(measurements: readonly Measurement[], session: Session): Promise<void> {
  for (let round = 0; round < WARM_ROUNDS; round++) {
    for (const measurement of measurements) await measurement.warm();
    if (round === 0) await session.exercise?.();
  }
}

/** What SERIES gauges add up to that were set in turn. */
function sumOfLastValues(lastRun: number): number {
  let sum = 0;
  for (let i = lastRun - SERIES; i < lastRun; i++) sum += values[i & VALUE_MASK];
  return sum;
}
