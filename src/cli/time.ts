import { parseDecimalDuration } from '../common/duration';
import { UsageError } from './command';

/** A moment as people write it: a date, milliseconds since 1970, or how long ago (`90s`, `15m`, `2h`, `7d`). */
export function parseTime(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ago = text === '0' ? undefined : parseDecimalDuration(text);
  if (ago !== undefined) return Date.now() - ago;
  const time = /^\d{5,}$/.test(text) ? Number(text) : /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(time)) return time;
  throw new UsageError(
    `${option} must be a date (2025-01-31T10:00Z), milliseconds since 1970, or how long ago (90s, 15m, 2h, 7d), got ${JSON.stringify(text)}`,
  );
}
