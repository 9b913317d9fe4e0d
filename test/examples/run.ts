import { spawn } from 'node:child_process';
import { join } from 'node:path';

const examples = join(__dirname, '..', '..', 'examples');
const TRANSLATION = join(__dirname, '..', 'typescript.cjs');

/** How a program ended, and what it wrote. */
export interface Ended {
  code: number | null;
  output: string;
  errors: string;
}

/** An example that has been started, on free ports. */
export interface Running {
  /** Resolves with what the pattern finds in the output, as soon as it is there; rejects if the example ends before. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  signal(signal: NodeJS.Signals): void;
  readonly ended: Promise<Ended>;
}

/** Starts an example as its npm script does: each of its processes and threads loads a compiler, for a second or more. */
export function startAsScript(file: string, ...args: string[]): Running {
  return startWith('ts-node/register/transpile-only', file, args);
}

/** Starts an example that has been translated already, as the tests are. */
export function start(file: string, ...args: string[]): Running {
  return startWith(TRANSLATION, file, args);
}

function startWith(preload: string, file: string, args: readonly string[]): Running {
  const command = [process.execPath, '-r', preload, join(examples, file), ...args];
  // through env(1), because tap gives its own preload to every node that a test spawns, and that one cannot load .ts
  const child = spawn('env', ['NODE_OPTIONS=', 'PORT=0', 'SERVICE_PORT=0', ...command]);
  let output = '';
  let errors = '';
  let look = (): void => {};
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
    look();
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    errors += chunk;
  });
  const ended = new Promise<Ended>((resolve) => child.once('close', (code) => resolve({ code, output, errors })));
  return {
    says: (pattern) =>
      new Promise((resolve, reject) => {
        look = () => {
          const found = pattern.exec(output);
          if (found) resolve(found);
        };
        look();
        void ended.then(() => reject(new Error(`ended without saying ${pattern}: ${output}${errors}`)));
      }),
    signal: (signal) => child.kill(signal),
    ended,
  };
}

/** The lines of a scrape, by all of their text but the value. */
export async function scrape(url: string): Promise<Map<string, number>> {
  return samples(await (await fetch(url)).text());
}

/** The samples in a text, whatever stands between them. */
export function samples(text: string): Map<string, number> {
  const found = text.matchAll(/^ *([a-z_]+(?:\{.*\})?) (\S+)$/gm);
  return new Map([...found].map(([, series, value]) => [series, Number(value)]));
}
