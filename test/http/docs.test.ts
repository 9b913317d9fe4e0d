import { test } from 'tap';
import { members, table, text } from '../helpers/document';

const document = text('docs/http.md');
const CLIENT = '## I make requests with fetch or undici';

test('docs/http.md lists exactly the options there are', async (t) => {
  const listed = (heading: string): string[] => table(document, heading).map(([name]) => name);
  t.same(listed('## Options of a server'), members('src/http/options.ts', 'HttpMetricsOptions'));
  t.same(listed(CLIENT), members('src/http/undici.ts', 'UndiciMetricsOptions'));
});
