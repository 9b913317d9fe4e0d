import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import Module from 'node:module';
import { expressMetrics } from 'ringmeter';
import { type Test, test } from 'tap';
import { collectorFor } from '../instruments/support';
import { listening, shownAfter } from './support';

type Handler = (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void;
interface Router extends Handler {
  use(...handlers: unknown[]): void;
  get(path: unknown, ...handlers: Handler[]): void;
  route(path: unknown): { get(handler: Handler): void };
}
type App = Router & RequestListener & { set(name: string, value: unknown): void };
type Express = (() => App) & { Router: (options?: object) => Router };

const ok: Handler = (_request, response) => void response.end('ok');
const fail: Handler = () => {
  throw new Error('always');
};
const answerError = (_error: Error, _request: unknown, response: ServerResponse, _next: unknown) => {
  response.statusCode = 500;
  response.end();
};

/** Asks for paths in this order and in the other: the labels must not depend on it. */
async function labelsOf(
  t: Test,
  express: Express,
  build: (app: App) => void,
  paths: readonly string[],
): Promise<Record<string, number>> {
  const both = [];
  for (const order of [paths, [...paths].reverse()]) {
    const collector = collectorFor(t);
    const app = express();
    app.set('env', 'test');
    app.use(expressMetrics({ collector }));
    build(app);
    const port = await listening(t, createServer(app));
    for (const path of order) await (await fetch(`http://127.0.0.1:${port}${path}`)).text();
    await shownAfter(collector, paths.length);
    const counts: Record<string, number> = {};
    for (const metric of await collector.getAllMetrics())
      if (metric.name === 'http_requests_total')
        counts[`${metric.labels.route},${metric.labels.status}`] = (metric as { value: number }).value;
    both.push(counts);
  }
  t.same(both[0], both[1], 'in whichever order');
  return both[0];
}

/** Another copy of express 5, with a router that keeps no patterns: lockfiles of before 2.3 have it. */
function expressWithOldRouter(): Express {
  const loader = Module as unknown as { _resolveFilename(request: string, ...more: unknown[]): string };
  const { _resolveFilename } = loader;
  const isPart = (path: string) => /node_modules.(express|router)\W/.test(path);
  const forget = () => {
    for (const path of Object.keys(require.cache)) if (isPart(path)) delete require.cache[path];
  };
  forget();
  loader._resolveFilename = (request, ...more) =>
    _resolveFilename.call(loader, request === 'router' ? 'router22' : request, ...more);
  try {
    return require('express');
  } finally {
    loader._resolveFilename = _resolveFilename;
    forget();
  }
}

const VERSIONS: Record<string, Express> = {
  'express 5': require('express'),
  'express 5 with router 2.2': expressWithOldRouter(),
  'express 4': require('express4'),
};

for (const [version, express] of Object.entries(VERSIONS)) {
  const isOld = version === 'express 4';
  const keepsPatterns = version !== 'express 5 with router 2.2';
  const routerOf = (path: unknown = '/x', handler = ok): Router => {
    const router = express.Router({ mergeParams: true });
    router.get(path, handler);
    return router;
  };
  const appOf = (path: unknown = '/x', handler = ok): App => {
    const app = express();
    app.get(path, handler);
    return app;
  };

  test(`${version}: the value of a parameter may look like any other part of the path`, async (t) => {
    const mounts: [string, string[]][] = [
      ['/users/:id', ['/users/users/x', '/users/7/x']],
      ['/api/:version/:name', ['/api/api/api/x', '/api/v1/bob/x']],
      ['/v:major', ['/v1/x', '/vv/x']],
      ['/files/:name.json', ['/files/files.json/x', '/files/j.json/x']],
      ['/:from-:to', ['/a-b/x', '/from-to/x']],
      ['/u/:id', ['/u/a%2Fb/x', '/u/%20/x', '/u/u%2Fu/x', '/U/u/x']],
    ];
    for (const [mount, paths] of mounts)
      t.same(await labelsOf(t, express, (app) => app.use(mount, routerOf()), paths), {
        [`${mount}/x,200`]: paths.length,
      });
  });

  test(`${version}: each path of a mount of several is a route`, async (t) => {
    const want = { '/public/x,200': 1, '/admin/:id/x,200': 2 };
    const paths = ['/public/x', '/admin/1/x', '/admin/admin/x'];
    const mount = ['/public', '/admin/:id'];
    t.same(await labelsOf(t, express, (app) => app.use(mount, routerOf()), paths), want);
    t.same(await labelsOf(t, express, (app) => app.use(mount, appOf()), paths), want);
    t.same(
      await labelsOf(t, express, (app) => app.use('/a', express.Router(), wrap(mount, routerOf())), ['/a/public/x']),
      {
        '/a/public/x,200': 1,
      },
    );
    function wrap(path: unknown, router: Router): Router {
      const outer = express.Router();
      outer.use(path, router);
      return outer;
    }
  });

  test(`${version}: a router that is mounted twice has the route of each mount`, async (t) => {
    const twice = (mounted: unknown) => (app: App) => {
      app.use('/public', mounted);
      app.use('/admin/:id', mounted);
    };
    const want = { '/public/x,200': 1, '/admin/:id/x,200': 2 };
    const paths = ['/public/x', '/admin/1/x', '/admin/public/x'];
    t.same(await labelsOf(t, express, twice(routerOf()), paths), want);
    t.same(await labelsOf(t, express, twice(appOf()), paths), want);
  });

  test(`${version}: a mount that is a regular expression is one route`, async (t) => {
    // without a pattern nothing of the path may be in its place
    const shown = (expression: string) => (keepsPatterns ? expression : '/*');
    t.same(await labelsOf(t, express, (app) => app.use(/^\/v\d+/, routerOf()), ['/v1/x', '/v2/x']), {
      [`${shown('/^\\/v\\d+')}/x,200`]: 2,
    });
    t.same(await labelsOf(t, express, (app) => app.use(/^\/(a|b)\/(\d+)/, appOf()), ['/a/1/x', '/b/2/x']), {
      [`${shown('/^\\/(a|b)\\/(\\d+)')}/x,200`]: 2,
    });
  });

  test(`${version}: optional parts and wildcards of a mount are part of the route`, async (t) => {
    const [optional, wildcard] = isOld ? ['/o/:id?', '/w/*/end'] : ['/o{/:id}', '/w/*rest/end'];
    t.same(
      await labelsOf(t, express, (app) => app.use(optional, routerOf('/')), ['/o', '/o/1', '/o/o']),
      keepsPatterns ? { [`${optional},200`]: 3 } : { '/o,200': 1, '/o/:id,200': 2 },
    );
    t.same(await labelsOf(t, express, (app) => app.use(wildcard, routerOf()), ['/w/1/2/end/x', '/w/w/end/x']), {
      [`${wildcard}/x,200`]: 2,
    });
    if (!isOld) return;
    t.same(await labelsOf(t, express, (app) => app.use('/n/:id(\\d+)', routerOf()), ['/n/1/x', '/n/2/x']), {
      '/n/:id(\\d+)/x,200': 2,
    });
  });

  test(`${version}: an error that leaves a mount keeps the route of the failed handler`, async (t) => {
    const paths = ['/admin/users/1', '/public/users/1', '/r/admin/users/2'];
    const want = { '/admin/users/:id,500': 1, '/public/users/:id,500': 1, '/r/:kind/users/:id,500': 1 };
    for (const make of [appOf, routerOf]) {
      const build = (app: App) => {
        for (const mount of ['/admin', '/public']) app.use(mount, make('/users/:id', fail));
        const outer = express.Router();
        outer.use('/:kind', make('/users/:id', fail));
        app.use('/r', outer);
        app.use(answerError);
      };
      t.same(await labelsOf(t, express, build, paths), want);
    }
  });

  test(`${version}: applications within applications and routers, and route(), have all of their mounts`, async (t) => {
    const build = (app: App) => {
      const inner = appOf('/x');
      inner.route('/deep/:leaf').get(ok);
      const middle = express();
      middle.use('/in/:inner', inner);
      app.use('/mid', middle);
      const router = express.Router();
      router.use('/app/:id', appOf());
      app.use('/router', router);
      app.use('/empty', express());
    };
    const paths = ['/mid/in/1/x', '/mid/in/2/deep/3', '/router/app/4/x', '/mid/in/1/none', '/empty/none'];
    t.same(await labelsOf(t, express, build, paths), {
      '/mid/in/:inner/x,200': 1,
      '/mid/in/:inner/deep/:leaf,200': 1,
      '/router/app/:id/x,200': 1,
      '__unmatched__,404': 2,
    });
  });

  test(`${version}: a mount that is added while requests are answered counts from then on`, async (t) => {
    const collector = collectorFor(t);
    const app = express();
    const router = routerOf();
    app.use(expressMetrics({ collector }));
    app.use('/first', router);
    const port = await listening(t, createServer(app));
    const get = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
    await get('/first/x');
    app.use('/second/:id', router);
    await get('/second/1/x');
    t.same(await shownAfter(collector, 2), {
      'method=GET,route=/first/x,status=200': 1,
      'method=GET,route=/second/:id/x,status=200': 1,
    });
  });
}

for (const name of ['router', 'router22'])
  test(`${name} without express: no value of a request becomes part of a route`, async (t) => {
    const collector = collectorFor(t);
    const Router = require(name) as () => Router & RequestListener;
    const inner = Router();
    inner.get('/orders/:order', ok);
    const router = Router();
    router.use(expressMetrics({ collector }));
    router.get('/top/:id', ok);
    router.use('/users/:id', inner);
    const server = createServer((request, response) => router(request, response, () => response.end('none')));
    const port = await listening(t, server);
    const paths = ['/top/1', '/top/2', '/users/1/orders/2', '/users/3/orders/4', '/none'];
    for (const path of paths) await (await fetch(`http://127.0.0.1:${port}${path}`)).text();
    t.same(await shownAfter(collector, paths.length), {
      'method=GET,route=/top/:id,status=200': 2,
      'method=GET,route=/*/orders/:order,status=200': 2,
      'method=GET,route=__unmatched__,status=200': 1,
    });
  });

test('express 5 with router 2.2: finding a difficult pattern takes a bounded time', async (t) => {
  const segments = 'a/'.repeat(1_500);
  const before = performance.now();
  const mount = (app: App) => {
    const inner = VERSIONS['express 5 with router 2.2'].Router();
    inner.get('/x', ok);
    app.use('/:a/:b/*rest/a', inner);
  };
  const express = VERSIONS['express 5 with router 2.2'];
  const labels = await labelsOf(t, express, mount, ['/1/2/3/a/x', `/${segments}a/x`]);
  for (const label of Object.keys(labels))
    t.ok(['/:a/:b/*rest/a/x,200', '/*/x,200'].includes(label), label.slice(0, 99));
  t.ok(performance.now() - before < 10_000);
});
