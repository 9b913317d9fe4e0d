const MISSING = '-';
const BYTES = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
const COUNTS = ['', 'k', 'M', 'G', 'T'];

/** A number with three significant digits. */
function brief(value: number): string {
  return Math.abs(value) >= 1_000 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}

function scaled(value: number, step: number, units: readonly string[], glue: string): string {
  let unit = 0;
  for (; Math.abs(value) >= step && unit < units.length - 1; unit++) value /= step;
  return `${brief(value)}${units[unit] && glue + units[unit]}`;
}

/** Formats a value, or the placeholder of a missing one. */
function shown(value: number | undefined, show: (value: number) => string): string {
  if (value === undefined || Number.isNaN(value)) return MISSING;
  return Number.isFinite(value) ? show(value) : String(value);
}

export function bytes(value: number | undefined): string {
  return shown(value, (number) => scaled(number, 1_024, BYTES, ' '));
}

export function count(value: number | undefined): string {
  return shown(value, (number) => scaled(number, 1_000, COUNTS, ''));
}

export function perSecond(value: number | undefined): string {
  return shown(value, (number) => `${count(number)}/s`);
}

/** A ratio as percent. */
export function percent(value: number | undefined): string {
  return shown(
    value,
    (number) => `${number >= 0.1 ? (number * 100).toFixed(0) : Number((number * 100).toPrecision(2))} %`,
  );
}

/** Seconds, in a readable unit. */
export function duration(value: number | undefined): string {
  return shown(value, (seconds) => {
    const size = Math.abs(seconds);
    if (size === 0) return '0 s';
    if (size < 0.000_999_5) return `${brief(seconds * 1e6)} us`;
    if (size < 0.999_5) return `${brief(seconds * 1e3)} ms`;
    return size < 120 ? `${brief(seconds)} s` : long(seconds);
  });
}

function long(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (hours === 0) return `${minutes}m ${Math.floor(seconds % 60)}s`;
  return hours < 48 ? `${hours}h ${minutes % 60}m` : `${Math.floor(hours / 24)}d ${hours % 24}h`;
}

/** The formatter of a metric's values, by the unit in its name. */
export function unitOf(name: string): (value: number | undefined) => string {
  const base = name.replace(/_total$/, '');
  if (/_(?:milliseconds|ms)$/.test(base) || /(?:^|_)http_server_duration$/.test(base))
    return (value) => duration(value === undefined ? undefined : value / 1_000);
  if (base.endsWith('_seconds')) return duration;
  return base.endsWith('_bytes') ? bytes : count;
}
