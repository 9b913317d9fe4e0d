import { printableLines } from '../common/printable';

/** Select Graphic Rendition, ECMA-48: what switches each on. All are switched off by 0. */
const CODES = { bold: 1, dim: 2, inverse: 7, red: 31, green: 32, yellow: 33, cyan: 36 } as const;

export type Style = keyof typeof CODES;

/** Text in a colour or weight, for a terminal. */
export function style(name: Style, text: string): string {
  return `\u001b[${CODES[name]}m${text}\u001b[0m`;
}

/** The sequences that `style` makes. */
const STYLES = new RegExp(`(\u001b\\[(?:0|${Object.values(CODES).join('|')})m)`);

/** A whole output: its line breaks stay, and its colours if it may have some; everything else is made printable. */
export function printableOutput(text: string, isColoured: boolean): string {
  if (!isColoured) return printableLines(text);
  return text
    .split(STYLES)
    .map((part, index) => (index % 2 === 1 ? part : printableLines(part)))
    .join('');
}

/** Whether output to a stream may be coloured: on a terminal, unless NO_COLOR is set (https://no-color.org). */
export function mayColour({ isTTY }: { isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean {
  return isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
}
