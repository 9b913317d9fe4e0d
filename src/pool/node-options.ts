/*
 * Options of node that decide how modules are found and loaded. A thread that the library starts gets only these
 * options: most others concern the process (`--inspect`, `--cpu-prof`, `--max-old-space-size`, ...), start a program
 * (`--eval`, `--test`, `--watch`), or are refused by worker threads.
 */

const PRELOADS = new Set(['-r', '--require', '--import']);
const WITH_VALUE = new Set([
  ...PRELOADS,
  '--loader',
  '--experimental-loader',
  '-C',
  '--conditions',
  '--experimental-default-type',
  '--experimental-specifier-resolution',
  '--disable-warning',
]);
/** Each also as `--no-...`. */
const FLAGS = new Set([
  '--preserve-symlinks',
  '--preserve-symlinks-main',
  '--strip-types',
  '--experimental-strip-types',
  '--experimental-transform-types',
  '--require-module',
  '--experimental-require-module',
  '--detect-module',
  '--experimental-detect-module',
  '--experimental-import-meta-resolve',
  '--experimental-wasm-modules',
  '--enable-source-maps',
  '--warnings',
  '--addons',
]);

type Keeps = (preload: string) => boolean;

/** Whether a preload makes packages loadable that are in no `node_modules`: those of Yarn's Plug'n'Play. */
export function loadsPackages(preload: string): boolean {
  return /(^|[\\/])\.pnp\.(c?js|loader\.mjs)$/.test(preload);
}

/** The options of a list that are kept, in node's order. @param keepsPreload whether a preload, or a loader, is kept */
export function keptArguments(args: readonly string[], keepsPreload: Keeps): string[] {
  const kept: string[] = [];
  for (let index = 0; index < args.length; index++) {
    const { name, inline } = split(args[index]);
    if (FLAGS.has(name.replace(/^--no-/, '--'))) kept.push(args[index]);
    if (!WITH_VALUE.has(name)) continue;
    const value = inline ?? args[++index];
    if (value !== undefined && (!isCode(name) || keepsPreload(value))) kept.push(name, value);
  }
  return kept;
}

/** The same for the text of `NODE_OPTIONS`. */
export function keptOptions(text: string, keepsPreload: Keeps): string {
  return keptArguments(words(text), keepsPreload).map(quoted).join(' ');
}

function isCode(name: string): boolean {
  return PRELOADS.has(name) || name.endsWith('loader');
}

/** Splits an argument as node does: `_` in a name is the same as `-`, and the value may follow after `=`. */
function split(argument: string): { name: string; inline: string | undefined } {
  const [, name, inline] = /^(--[^=]+)=(.*)$/s.exec(argument) ?? [undefined, argument, undefined];
  return { name: name.startsWith('--') ? name.replaceAll('_', '-') : name, inline };
}

/** Splits the text as node does: at spaces outside double quotes; inside, a backslash escapes the next character. */
function words(text: string): string[] {
  return (text.match(/(?:"(?:\\.|[^"\\])*"?|[^\s"])+/gs) ?? []).map((word) =>
    word.replace(/"((?:\\.|[^"\\])*)"?/gs, (_, inner: string) => inner.replace(/\\(.)/gs, '$1')),
  );
}

function quoted(word: string): string {
  return /[\s"\\]/.test(word) ? `"${word.replace(/["\\]/g, '\\$&')}"` : word;
}
