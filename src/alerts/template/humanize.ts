import { formatGeneral } from '../../common/format-float';

/** Numbers for people, as Prometheus' template functions of the same names write them. Source: its documentation, "Template reference". */

const LARGE = ['k', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y'];
const SMALL = ['m', 'u', 'n', 'p', 'f', 'a', 'z', 'y'];
const BINARY = ['ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei', 'Zi', 'Yi'];

const fourDigits = (value: number): string => formatGeneral(value, 4);

export function humanize(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return fourDigits(value);
  return Math.abs(value) >= 1 ? scaled(value, 1000, LARGE) : raised(value);
}

export function humanize1024(value: number): string {
  if (Math.abs(value) <= 1 || !Number.isFinite(value)) return fourDigits(value);
  return scaled(value, 1024, BINARY);
}

function scaled(value: number, base: number, prefixes: readonly string[]): string {
  let prefix = '';
  let rest = value;
  for (const next of prefixes) {
    if (Math.abs(rest) < base) break;
    prefix = next;
    rest /= base;
  }
  return `${fourDigits(rest)}${prefix}`;
}

export function humanizePercentage(value: number): string {
  return `${fourDigits(value * 100)}%`;
}

/** @param value seconds */
export function humanizeDuration(value: number): string {
  if (!Number.isFinite(value)) return fourDigits(value);
  if (value === 0) return '0s';
  if (Math.abs(value) < 1) return `${raised(value)}s`;
  const sign = value < 0 ? '-' : '';
  const all = Math.trunc(Math.abs(value));
  const [days, hours, minutes, seconds] = [
    Math.trunc(all / 86_400),
    Math.trunc(all / 3_600) % 24,
    Math.trunc(all / 60) % 60,
    all % 60,
  ];
  if (days > 0) return `${sign}${days}d ${hours}h ${minutes}m ${seconds}s`;
  if (hours > 0) return `${sign}${hours}h ${minutes}m ${seconds}s`;
  if (minutes > 0) return `${sign}${minutes}m ${seconds}s`;
  return `${fourDigits(value)}s`;
}

function raised(value: number): string {
  let prefix = '';
  let rest = value;
  for (const next of SMALL) {
    if (Math.abs(rest) >= 1) break;
    prefix = next;
    rest *= 1000;
  }
  return `${fourDigits(rest)}${prefix}`;
}

/** @param value seconds since 1970 */
export function humanizeTimestamp(value: number): string {
  if (!Number.isFinite(value)) return fourDigits(value);
  // Prometheus truncates to milliseconds
  return goTime(Math.trunc(value * 1000));
}

/** A moment as Go prints one in UTC: `2015-10-29 17:01:29.5 +0000 UTC`. */
export function goTime(milliseconds: number): string {
  const [date, time] = new Date(milliseconds).toISOString().slice(0, -1).split('T');
  return `${date} ${time.replace(/\.?0+$/, '')} +0000 UTC`;
}
