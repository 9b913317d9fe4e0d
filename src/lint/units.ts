/**
 * Units and the base unit to use instead; base units stand for themselves.
 * Sources: Prometheus documentation, "Metric and label naming", base units; the units in promtool's linter.
 */
const UNITS = new Map(
  Object.entries({
    amperes: 'amperes',
    bytes: 'bytes',
    celsius: 'celsius',
    grams: 'grams',
    joules: 'joules',
    kelvin: 'kelvin',
    meters: 'meters',
    metres: 'metres',
    seconds: 'seconds',
    volts: 'volts',
    minutes: 'seconds',
    hours: 'seconds',
    days: 'seconds',
    weeks: 'seconds',
    kelvins: 'kelvin',
    fahrenheit: 'celsius',
    rankine: 'celsius',
    inches: 'meters',
    yards: 'meters',
    miles: 'meters',
    bits: 'bytes',
    calories: 'joules',
    pounds: 'grams',
    ounces: 'grams',
  }),
);

const PREFIX =
  /^(?:pico|nano|micro|milli|centi|deci|deca|hecto|kilo|kibi|mega|mibi|mebi|giga|gibi|tera|tebi|peta|pebi)/;

/** Abbreviations of units, and their full names. */
const ABBREVIATIONS = new Map(
  Object.entries({
    s: 'seconds',
    ms: 'seconds',
    us: 'seconds',
    ns: 'seconds',
    sec: 'seconds',
    b: 'bytes',
    kb: 'bytes',
    mb: 'bytes',
    gb: 'bytes',
    tb: 'bytes',
    pb: 'bytes',
    m: 'seconds or meters',
    h: 'seconds',
    d: 'seconds',
    // not in promtool's list, but abbreviations as well
    secs: 'seconds',
    msec: 'seconds',
    msecs: 'seconds',
    usec: 'seconds',
    nsec: 'seconds',
    millis: 'seconds',
    micros: 'seconds',
    nanos: 'seconds',
    mins: 'seconds',
    hrs: 'seconds',
    kib: 'bytes',
    mib: 'bytes',
    gib: 'bytes',
    tib: 'bytes',
  }),
);

/** A unit in a metric's name that is no base unit, and the base unit to use. */
export function foreignUnit(name: string): { unit: string; base: string } | undefined {
  for (const unit of name.split('_')) {
    const base = baseOf(unit);
    if (base !== undefined && base !== unit) return { unit, base };
  }
  return undefined;
}

function baseOf(unit: string): string | undefined {
  return UNITS.get(unit) ?? UNITS.get(unit.replace(PREFIX, ''));
}

/** An abbreviated unit in a metric's name, and its full name. */
export function abbreviatedUnit(name: string): { unit: string; base: string } | undefined {
  for (const unit of name.toLowerCase().split('_').slice(1)) {
    const base = ABBREVIATIONS.get(unit);
    if (base !== undefined) return { unit, base };
  }
  return undefined;
}
