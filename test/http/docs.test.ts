import { test } from 'tap';
import { diagnose, members, table, text } from '../helpers/document';

const document = text('docs/http.md');
const CLIENT = '## I make requests with fetch or undici';

test('docs/http.md lists exactly the options there are', async (t) => {
  const listed = (heading: string): string[] => table(document, heading).map(([name]) => name);
  t.same(listed('## Options of a server'), members('src/http/options.ts', 'HttpMetricsOptions'));
  t.same(listed(CLIENT), members('src/http/undici.ts', 'UndiciMetricsOptions'));
});

// against the frameworks' own types
test('the code of docs/http.md compiles, with the types of the frameworks', async (t) => {
  const sources = [...document.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, source]) => source);
  t.equal(sources.length, 5);
  t.same(diagnose(t, ...sources), []);
});
