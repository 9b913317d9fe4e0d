import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { members, table, text } from '../helpers/document';

const document = text('docs/dashboard.md');

test('docs/dashboard.md lists exactly the options there are', async (t) => {
  const names = table(document, '## Options').map(([name]) => name);
  t.same(names, members('src/dashboard/options.ts', 'DashboardOptions'));
});

test('the pictures of docs/dashboard.md are there, and not too large', async (t) => {
  const pictures = [...document.matchAll(/!\[.+?\]\((.+?)\)/g)].map(([, path]) => join(__dirname, '../../docs', path));
  t.equal(pictures.length, 4);
  for (const path of pictures) t.ok(existsSync(path) && statSync(path).size < 300_000, path);
});

test('docs/dashboard.md lists exactly the paths that are answered', async (t) => {
  const paths = table(document, '## The same as JSON').map(([path]) => path.replace(/\?.*/, ''));
  const routes = [...text('src/dashboard/routes.ts').matchAll(/^ {4}'(\/[^':]*)'/gm)].map(([, path]) => path);
  t.same(paths.sort(), routes.sort());
});
