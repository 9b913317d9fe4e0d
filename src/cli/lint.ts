import { parseArgs } from 'node:util';
import { lint } from '../lint/lint';
import { type LintRule, RULES, type Severity } from '../lint/rules';
import { type Command, type CommandIo, UsageError } from './command';
import { findingsText } from './lint-text';
import { anySource, SOURCE_OPTIONS, sourceHelp } from './source';

const HELP = `Usage: ringmeter lint [OPTIONS] URL | FILE | -

Checks what a scrape endpoint exposes: the format, names and units, labels, and whether the buckets fit the values.
A URL without a path means its /metrics; host:port will do. Exits with 0 if there are no findings, 3 if there are some, and 1
if the exposition cannot be read.

Options:
  --level LEVEL    lowest severity to report: error, warning or advice (the default)
  --ignore RULE    do not apply this rule; may be given several times
  --json           findings as a JSON array
${sourceHelp(17)}
  --help           show this
`;

export const command: Command = { help: HELP, run };

const LEVELS: readonly Severity[] = ['error', 'warning', 'advice'];
/** What promtool exits with when its linter complains. */
const EXIT_FINDINGS = 3;

async function run(args: string[], io: CommandIo): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      ...SOURCE_OPTIONS,
      level: { type: 'string', default: 'advice' },
      ignore: { type: 'string', multiple: true, default: [] },
      json: { type: 'boolean' },
    },
  });
  const [target, ...others] = positionals;
  if (target === undefined || others.length > 0)
    throw new UsageError('give one URL or file, or - for the standard input');
  const level = LEVELS.indexOf(values.level as Severity);
  if (level === -1)
    throw new UsageError(`--level must be one of ${LEVELS.join(', ')}, got ${JSON.stringify(values.level)}`);
  const unknown = values.ignore.find((rule) => !Object.hasOwn(RULES, rule));
  if (unknown !== undefined) throw new UsageError(`unknown rule ${JSON.stringify(unknown)}`);
  const ignored = new Set(values.ignore as LintRule[]);
  const source = anySource(target, values);
  try {
    const all = lint(await source.scrape(io.signal));
    const findings = all.filter(({ rule, severity }) => !ignored.has(rule) && LEVELS.indexOf(severity) <= level);
    await io.print(values.json ? `${JSON.stringify(findings, null, 2)}\n` : findingsText(findings, io.isColoured));
    return findings.length === 0 ? 0 : EXIT_FINDINGS;
  } finally {
    await source.close();
  }
}
