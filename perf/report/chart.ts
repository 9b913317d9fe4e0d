/** A line chart as SVG, in few words: axes that are linear or logarithmic, a colour and a name per line. */
export interface Chart {
  title: string;
  x: Axis;
  y: Axis;
  lines: readonly Line[];
}

export interface Axis {
  label: string;
  log: boolean;
}

export interface Line {
  name: string;
  points: readonly (readonly [x: number, y: number])[];
}

const WIDTH = 760;
const HEIGHT = 400;
const AREA = { left: 80, right: WIDTH - 230, top: 46, bottom: HEIGHT - 56 };
/** Distinguishable without seeing red and green apart. */
const COLOURS = ['#0b6e99', '#d1495b', '#e9a23b', '#6a4c93', '#2e933c', '#777777', '#8c564b'];

/** Where a value is on its axis. */
type Place = (value: number) => number;

export function renderChart({ title, x, y, lines }: Chart): string {
  // what was too little to be measured has no place on a logarithmic axis
  const fits = ([across, up]: readonly [number, number]): boolean => (!x.log || across > 0) && (!y.log || up > 0);
  const drawn = lines
    .map(({ name, points }) => ({ name, points: points.filter(fits) }))
    .filter(({ points }) => points.length > 0);
  const all = drawn.flatMap(({ points }) => points);
  const xValues = all.map(([value]) => value);
  // few whole numbers are their own ticks
  const xTicks = x.log ? ticks(xValues, true) : [...new Set(xValues)].sort((one, other) => one - other);
  const yTicks = ticks(
    all.map(([, value]) => value),
    y.log,
  );
  const placeX = placer(xTicks, x.log, AREA.left, AREA.right);
  const placeY = placer(yTicks, y.log, AREA.bottom, AREA.top);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    text(AREA.left, 24, title, 'font-size="15" font-weight="bold"'),
    ...xTicks.map((tick) => xTick(placeX(tick), tick)),
    ...yTicks.map((tick) => yTick(placeY(tick), tick)),
    text((AREA.left + AREA.right) / 2, HEIGHT - 14, x.label, 'text-anchor="middle"'),
    text(0, 0, y.label, `text-anchor="middle" transform="translate(18 ${(AREA.top + AREA.bottom) / 2}) rotate(-90)"`),
    ...drawn.map((line, i) => drawLine(line, COLOURS[i % COLOURS.length], placeX, placeY)),
    ...drawn.map(({ name }, i) => legend(name, COLOURS[i % COLOURS.length], i)),
    '</svg>\n',
  ].join('\n');
}

/** Powers of ten that enclose the values; or from zero, at most seven round steps. */
export function ticks(values: readonly number[], log: boolean): number[] {
  if (values.length === 0) return log ? [1, 10] : [0, 1];
  const highest = Math.max(...values);
  if (log) {
    const first = Math.floor(Math.log10(Math.min(...values)));
    const last = Math.max(Math.ceil(Math.log10(highest)), first + 1);
    return Array.from({ length: last - first + 1 }, (_, i) => 10 ** (first + i));
  }
  const rough = Math.max(highest, Number.MIN_VALUE) / 6;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough)!;
  return Array.from({ length: Math.ceil(highest / step) + 1 }, (_, i) => i * step);
}

function placer(axis: readonly number[], log: boolean, from: number, to: number): Place {
  const scale = log ? Math.log10 : (value: number) => value;
  const [low, high] = [scale(axis[0]), scale(axis[axis.length - 1])];
  return (value) => from + ((scale(value) - low) / (high - low)) * (to - from);
}

function xTick(at: number, value: number): string {
  const line = `<line x1="${fixed(at)}" y1="${AREA.top}" x2="${fixed(at)}" y2="${AREA.bottom}" stroke="#e4e4e4"/>`;
  return line + text(at, AREA.bottom + 18, shown(value), 'text-anchor="middle"');
}

function yTick(at: number, value: number): string {
  const line = `<line x1="${AREA.left}" y1="${fixed(at)}" x2="${AREA.right}" y2="${fixed(at)}" stroke="#e4e4e4"/>`;
  return line + text(AREA.left - 8, at + 4, shown(value), 'text-anchor="end"');
}

function drawLine({ points }: Line, colour: string, placeX: Place, placeY: Place): string {
  const places = points.map(([x, y]) => [fixed(placeX(x)), fixed(placeY(y))] as const);
  const path = places.map(([x, y]) => `${x},${y}`).join(' ');
  const dots = places.map(([x, y]) => `<circle cx="${x}" cy="${y}" r="3" fill="${colour}"/>`).join('');
  return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>${dots}`;
}

function legend(name: string, colour: string, row: number): string {
  const [x, y] = [AREA.right + 16, AREA.top + 10 + row * 20];
  return `<rect x="${x}" y="${y - 4}" width="14" height="4" fill="${colour}"/>${text(x + 20, y + 3, name, '')}`;
}

function text(x: number, y: number, content: string, attributes: string): string {
  return `<text x="${fixed(x)}" y="${fixed(y)}" fill="#222222" ${attributes}>${escaped(content)}</text>`;
}

function shown(value: number): string {
  return value >= 1 ? value.toLocaleString('en') : String(Number(value.toPrecision(2)));
}

function fixed(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
