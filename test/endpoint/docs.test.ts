import { test } from 'tap';
import { apiRoutes } from '../../dist/src/endpoint/api/routes.js';
import { basicRoutes } from '../../dist/src/endpoint/basic-routes.js';
import { members, table, text } from '../helpers/document';

const document = text('docs/endpoint.md');

test('docs/endpoint.md lists exactly the options there are', async (t) => {
  const listed = (heading: string): string[] => table(document, heading).map(([name]) => name);
  t.same(listed('## Options'), [
    ...members('src/pool/endpoint.ts', 'ListenOptions'),
    ...members('src/pool/listen-security.ts', 'SecurityOptions').map((name) => name.replace(/\..*/, '')),
  ]);
  t.same(
    listed('## Allow other machines, with credentials'),
    members('src/pool/listen-security.ts', 'ListenTlsOptions'),
  );
  const queries = ['InstantQueryOptions', 'RangeQueryOptions', 'EveryQueryOptions'];
  t.same(
    listed('## Query from the program itself'),
    queries.flatMap((name) => members('src/pool/promql.ts', name)),
  );
});

test('docs/endpoint.md lists exactly the routes there are, with their methods', async (t) => {
  const routes = { ...basicRoutes({} as never), ...apiRoutes({} as never, {} as never) };
  t.same(
    table(document, '## Routes').map(([path, methods]) => [path, methods]),
    Object.entries(routes).map(([path, { methods }]) => [path, methods.join(', ')]),
  );
});
