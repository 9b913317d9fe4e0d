/** The text of a number, and the unit that is shown after it in smaller type. */
export interface Shown {
  text: string;
  unit: string;
}

export type Unit = 'seconds' | 'bytes' | 'ratio' | 'perSecond' | 'cores' | (string & {});

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });
const short = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });
const cents = new Intl.NumberFormat('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
/** Smaller numbers are written with all their digits. */
const LARGE = 100_000;

/** @param value null if it is unknown */
export function show(value: number | null | undefined, unit: Unit): Shown {
  if (value === null || value === undefined || !Number.isFinite(value)) return { text: '–', unit: '' };
  switch (unit) {
    case 'seconds':
      return duration(value);
    case 'bytes':
      return bytes(value);
    case 'ratio':
      return { text: digits(value * 100), unit: '%' };
    case 'perSecond':
      return { text: digits(value), unit: '/s' };
    default:
      return { text: digits(value), unit };
  }
}

export function showText(value: number | null | undefined, unit: Unit): string {
  const { text, unit: behind } = show(value, unit);
  return behind === '' || behind === '%' || behind.startsWith('/') ? `${text}${behind}` : `${text} ${behind}`;
}

/** Counts and amounts of money are shown with all digits as long as they fit. */
export function showExactly(value: number | null, unit: Unit): Shown {
  const isScaled = unit === 'seconds' || unit === 'bytes' || unit === 'ratio';
  if (value === null || isScaled) return show(value, unit);
  if (Math.abs(value) >= 1e9) return { text: compact.format(value), unit };
  return { text: Number.isInteger(value) ? whole.format(value) : cents.format(value), unit };
}

function digits(value: number): string {
  const size = Math.abs(value);
  if (size >= LARGE) return compact.format(value);
  return size >= 100 ? whole.format(value) : short.format(size < 1e-6 ? 0 : value);
}

function duration(seconds: number): Shown {
  const size = Math.abs(seconds);
  if (size === 0) return { text: '0', unit: 'ms' };
  if (size < 1e-3) return { text: digits(seconds * 1e6), unit: 'µs' };
  if (size < 1) return { text: digits(seconds * 1e3), unit: 'ms' };
  if (size < 120) return { text: digits(seconds), unit: 's' };
  const minutes = Math.floor(seconds / 60);
  if (minutes < 120) return { text: String(minutes), unit: 'min' };
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return { text: `${hours}:${String(minutes % 60).padStart(2, '0')}`, unit: 'h' };
  return { text: digits(Math.floor(hours / 24)), unit: 'days' };
}

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

function bytes(value: number): Shown {
  let scaled = value;
  let index = 0;
  while (Math.abs(scaled) >= 1000 && index < BYTE_UNITS.length - 1) {
    scaled /= 1024;
    index++;
  }
  return { text: digits(scaled), unit: BYTE_UNITS[index] };
}

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const clockWithSeconds = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium', hourCycle: 'h23' });

/** @param time wall-clock milliseconds */
export function timeOfDay(time: number, seconds = true): string {
  return (seconds ? clockWithSeconds : clock).format(time);
}

/** The hour and the minute in a time zone, which may differ from that of the browser. */
export function timeIn(timeZone: string, time: number): string {
  return new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone }).format(
    time,
  );
}

/** How long ago something was, roughly. */
export function ago(milliseconds: number): string {
  const { text, unit } = duration(Math.max(Math.round(milliseconds / 1000), 1));
  return `${text} ${unit} ago`;
}
