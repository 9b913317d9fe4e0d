import { parseDecimalDuration } from '../common/duration';
import { FileSource, HttpSource, type HttpSourceOptions, type ScrapeSource } from '../scrape/source';
import { UsageError } from './command';

/** Common options, for `parseArgs`, of commands that read scrape endpoints. */
export const SOURCE_OPTIONS = {
  header: { type: 'string', multiple: true },
  timeout: { type: 'string' },
} as const;

/** The help text of these options. @param width of the column of options */
export function sourceHelp(width: number): string {
  return [
    ['--header LINE', "sent with the request: 'Authorization: Bearer ...'; may be given several times"],
    ['--timeout TIME', 'longest time to wait for an answer, such as 500ms or 5s; default 10s'],
  ]
    .map(([option, text]) => `  ${option.padEnd(width)}${text}`)
    .join('\n');
}

const HEADER = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)$/;
const HOST_AND_PORT = /^(?:[\w.-]+|\[[\da-f:]+\]):\d+(?:\/.*)?$/i;
const LONGEST_MS = 2 ** 31 - 1;

export interface SourceValues {
  header?: string[];
  timeout?: string;
}

/** The server of a URL, or of `host:port`; undefined if the text is neither. */
export function httpSource(target: string, values: SourceValues): HttpSource | undefined {
  const text = HOST_AND_PORT.test(target) ? `http://${target}` : target;
  if (!/^https?:\/\//i.test(text)) return undefined;
  if (!URL.canParse(text)) throw new UsageError(`${withoutUser(text)} is not a URL`);
  return new HttpSource(new URL(text), httpOptions(values));
}

/** The source for a URL, `host:port`, a file, or `-`. */
export function anySource(target: string, values: SourceValues): ScrapeSource {
  return httpSource(target, values) ?? new FileSource(target);
}

function httpOptions({ header = [], timeout }: SourceValues): HttpSourceOptions {
  return { headers: Object.fromEntries(header.map(parseHeader)), timeout: durationOf('--timeout', timeout, 10_000) };
}

/** Parses a header. Error messages omit the value, which may be secret. */
function parseHeader(line: string): [string, string] {
  const [, name, value] = HEADER.exec(line) ?? [];
  if (name === undefined) throw new UsageError('--header must be NAME: VALUE');
  return [name.toLowerCase(), value];
}

/** Milliseconds of an option such as `500ms`, `5s` or `1m`. */
export function durationOf(option: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const milliseconds = parseDecimalDuration(text);
  if (milliseconds !== undefined && milliseconds >= 1 && milliseconds <= LONGEST_MS) return milliseconds;
  throw new UsageError(`${option} must be a duration such as 500ms, 5s or 1m, got ${JSON.stringify(text)}`);
}

function withoutUser(url: string): string {
  return url.replace(/\/\/[^/]*@/, '//');
}
