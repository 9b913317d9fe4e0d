import { UsageError } from './command';

const UNITS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A moment as people write it: a date, milliseconds since 1970, or how long ago (`90s`, `15m`, `2h`, `7d`). */
export function parseTime(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|[smhd])$/.exec(text) ?? [];
  if (amount !== undefined) return Date.now() - Number(amount) * UNITS[unit];
  const time = /^\d{5,}$/.test(text) ? Number(text) : /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(time)) return time;
  throw new UsageError(
    `${option} must be a date (2025-01-31T10:00Z), milliseconds since 1970, or how long ago (90s, 15m, 2h, 7d), got ${JSON.stringify(text)}`,
  );
}
