import { printableLines } from '../common/printable';

/** Select Graphic Rendition codes, ECMA-48, that switch on a style. Code 0 switches off all. */
const CODES = { bold: 1, dim: 2, inverse: 7, red: 31, green: 32, yellow: 33, cyan: 36 } as const;

export type Style = keyof typeof CODES;

/** Text in a colour or weight, for a terminal. */
export function style(name: Style, text: string): string {
  return `\u001b[${CODES[name]}m${text}\u001b[0m`;
}

/** The sequences that `style` makes. */
const STYLES = new RegExp(`(\u001b\\[(?:0|${Object.values(CODES).join('|')})m)`);

/** Makes a whole output printable: keeps line breaks and, if allowed, colours; escapes other control characters. */
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
