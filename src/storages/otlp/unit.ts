/** Units as metric names have them, and as UCUM (c/s) writes them. Source: OpenTelemetry semantic conventions, "Units". */
const UNITS: Readonly<Record<string, string>> = {
  '': '',
  nanoseconds: 'ns',
  microseconds: 'us',
  milliseconds: 'ms',
  seconds: 's',
  minutes: 'min',
  hours: 'h',
  days: 'd',
  bits: 'bit',
  bytes: 'By',
  kilobytes: 'kBy',
  megabytes: 'MBy',
  gigabytes: 'GBy',
  kibibytes: 'KiBy',
  mebibytes: 'MiBy',
  gibibytes: 'GiBy',
  ratio: '1',
  percent: '%',
  meters: 'm',
  grams: 'g',
  kilograms: 'kg',
  celsius: 'Cel',
  kelvin: 'K',
  hertz: 'Hz',
  volts: 'V',
  amperes: 'A',
  watts: 'W',
  joules: 'J',
};

/** A unit for OTLP. A counted thing (`requests`) becomes an annotation, which UCUM treats as 1: `{requests}`. */
export function ucum(unit: string): string {
  return Object.hasOwn(UNITS, unit) ? UNITS[unit] : `{${unit}}`;
}
