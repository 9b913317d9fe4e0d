import { test } from 'tap';
import { RULES } from '../../dist/src/lint/rules.js';
import { runHere } from '../cli/run';
import { members, table, text } from '../helpers/document';

/** The options that `--help` lists, without itself. */
async function optionsOf(command: string): Promise<string[]> {
  const { output } = await runHere(command, '--help');
  return [...output.matchAll(/^ {2}(--\S+(?: [A-Z]+)?) {2}/gm)]
    .map(([, option]) => option)
    .filter((option) => option !== '--help');
}

test('docs/lint.md lists every rule with its severity, every option, and all fields of a finding', async (t) => {
  const document = text('docs/lint.md');
  const severity = (cell: string): string => cell.replaceAll('`', '');
  t.same(
    table(document, '## Rules').map(([rule, level]) => [rule, severity(level)]),
    Object.entries(RULES),
  );
  t.same(
    table(document, '## In CI')
      .map(([option]) => option)
      .sort(),
    (await optionsOf('lint')).sort(),
  );
  t.same(
    table(document, '## In a test of your own')
      .map(([name]) => name)
      .sort(),
    members('src/lint/rules.ts', 'Finding').sort(),
  );
});

test('docs/top.md lists every option', async (t) => {
  const listed = table(text('docs/top.md'), '## Options').map(([option]) => option);
  t.same(listed.sort(), (await optionsOf('top')).sort());
});
