import type { Block } from '../block';
import type { Memory } from '../memory';
import { mapCells } from './maths';

/** Calendar functions, in UTC, of seconds since 1970; NaN outside JavaScript's range of dates. */
export const CLOCKS: Readonly<Record<string, (date: Date) => number>> = {
  day_of_month: (date) => date.getUTCDate(),
  day_of_week: (date) => date.getUTCDay(),
  day_of_year: (date) => Math.floor((startOfDay(date) - yearStart(date)) / 86_400_000) + 1,
  days_in_month: (date) => new Date(startOfMonthAfter(date) - 86_400_000).getUTCDate(),
  hour: (date) => date.getUTCHours(),
  minute: (date) => date.getUTCMinutes(),
  month: (date) => date.getUTCMonth() + 1,
  year: (date) => date.getUTCFullYear(),
};

/** Work of making a date and reading it. */
const WORK_OF_DATE = 50;

/** Applies a clock to all values, in place. */
export async function mapClock(name: string, block: Block, memory: Memory): Promise<Block> {
  await mapCells(block, (seconds) => CLOCKS[name](new Date(Math.trunc(seconds) * 1_000)), [], WORK_OF_DATE);
  return block.unnamed(memory);
}

function startOfDay(date: Date): number {
  return new Date(date).setUTCHours(0, 0, 0, 0);
}

function yearStart(date: Date): number {
  return new Date(startOfDay(date)).setUTCMonth(0, 1);
}

function startOfMonthAfter(date: Date): number {
  return new Date(startOfDay(date)).setUTCMonth(date.getUTCMonth() + 1, 1);
}
