import { setTimeout as sleep } from 'node:timers/promises';
import type { Loop } from '../contenders/contender';
import { BURST, type Order } from '../workload';
import { bytesPerRecord } from './heap';
import type { Ledger } from './ledger';
import { median } from './statistics';

/** Records of a run whose allocations are counted: few enough that no garbage collection comes. */
const BYTES_RUN = BURST / 4;

export interface Burstable {
  run: Loop;
  order: Order;
  ledger: Ledger;
  settle(): Promise<void>;
}

export interface BurstBudget {
  milliseconds: number;
  fewest: number;
}

/** Milliseconds between two pairs of bursts, for everybody: a processor that has rested has to fetch what it had. */
const REST_MS = 5;

/** Two bursts over the same series, the first of which may have to fetch them from memory: nanoseconds per record. */
async function pair({ run, order, ledger, settle }: Burstable): Promise<{ first: number; again: number }> {
  order.moveOn();
  const { now } = order;
  const first = timed(run, now);
  const again = timed(run, now);
  ledger.account(now);
  ledger.account(now);
  await settle();
  await sleep(REST_MS);
  return { first, again };
}

/** Nanoseconds per record. */
export function timed(run: Loop, order: Int32Array): number {
  const began = process.hrtime.bigint();
  run(order);
  return Number(process.hrtime.bigint() - began) / order.length;
}

export async function warm(burstable: Burstable): Promise<void> {
  await pair(burstable);
}

/**
 * @param budget milliseconds to spend on bursts, and how many pairs of them at least
 * @returns nanoseconds per record: `again` with the series that are recorded in the processor's caches, `first` without
 */
export async function measureBursts(
  burstable: Burstable,
  { milliseconds, fewest }: BurstBudget,
): Promise<{ again: number; first: number }> {
  const pairs: { first: number; again: number }[] = [];
  const deadline = performance.now() + milliseconds;
  while (pairs.length < fewest || performance.now() < deadline) pairs.push(await pair(burstable));
  return { again: median(pairs.map(({ again }) => again)), first: median(pairs.map(({ first }) => first)) };
}

/** Bytes of V8's heap per record. Collects garbage often, so it is for few series. */
export async function measureBytes({ run, order, ledger, settle }: Burstable): Promise<number> {
  const ofRecords = (records: number): Int32Array => order.now.subarray(0, records);
  const bytes = await bytesPerRecord(
    (records) => run(ofRecords(records)),
    BYTES_RUN,
    (records) => ledger.account(ofRecords(records)),
  );
  await settle();
  return bytes;
}
