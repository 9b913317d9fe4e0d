/** Select Graphic Rendition, ECMA-48: what switches each on. All are switched off by 0. */
const CODES = { bold: 1, dim: 2, inverse: 7, red: 31, green: 32, yellow: 33, cyan: 36 } as const;

export type Style = keyof typeof CODES;

/** Text in a colour or weight, for a terminal. */
export function style(name: Style, text: string): string {
  return `\u001b[${CODES[name]}m${text}\u001b[0m`;
}

/** What controls a terminal is shown, not sent to it. */
export function printable(text: string): string {
  return text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what must not get through
    /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Whether output to a stream may be coloured: on a terminal, unless NO_COLOR is set (https://no-color.org). */
export function mayColour({ isTTY }: { isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean {
  return isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
}
