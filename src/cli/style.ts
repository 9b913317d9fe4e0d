import { inspect, styleText } from 'node:util';
import { printableLines } from '../common/printable';

const NAMES = ['bold', 'dim', 'inverse', 'red', 'yellow', 'cyan'] as const;

export type Style = (typeof NAMES)[number];

export type Paint = (name: Style, text: string) => string;

/** Gives text a colour or weight, if allowed. */
export function painter(isColoured: boolean): Paint {
  // the stream has been looked at: see `mayColour`
  return isColoured ? (name, text) => styleText(name, text, { validateStream: false }) : (_, text) => text;
}

/** The sequences that `styleText` makes. */
const STYLES = new RegExp(`(\u001b\\[(?:${NAMES.flatMap((name) => inspect.colors[name]).join('|')})m)`);

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
