import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { expressMetrics, instrumentServer } from 'ringmeter';
import { type Test, test } from 'tap';
import { collectorFor } from '../instruments/support';
import { listening, Raw, shown, shownAfter, sum, until } from './support';

type Request = IncomingMessage & { params: Record<string, string>; baseUrl: string };
type Handler = (request: Request, response: ServerResponse, next: (error?: unknown) => void) => void;
type ErrorHandler = (error: Error, ...rest: Parameters<Handler>) => void;
interface Router {
  use(path: unknown, ...handlers: (Handler | ErrorHandler | Router | App)[]): void;
  use(handler: Handler): void;
  use(handler: ErrorHandler): void;
  get(path: unknown, ...handlers: Handler[]): void;
  post(path: unknown, ...handlers: Handler[]): void;
}
type App = Router & RequestListener;
type Express = (() => App) & { Router: (options?: object) => Router };

const ok: Handler = (_request, response) => void response.end('ok');
const pass: Handler = (_request, _response, next) => next();
const fail: Handler = () => {
  throw new Error('always');
};

async function open(t: Test, app: App): Promise<{ port: number; get: (path: string) => Promise<number> }> {
  const port = await listening(t, createServer(app));
  return {
    port,
    async get(path) {
      const response = await fetch(`http://127.0.0.1:${port}${path}`);
      await response.arrayBuffer();
      return response.status;
    },
  };
}

for (const version of ['express', 'express4']) {
  const express: Express = require(version);
  const three: Handler = (_request, response) => {
    response.statusCode = 503;
    response.end();
  };

  test(`${version}: routes are patterns, those of mounts included`, async (t) => {
    const collector = collectorFor(t);
    const app = express();
    app.use(expressMetrics({ collector }));
    app.get('/', ok);
    app.get('/items/:id', ok);
    app.get(['/a', '/b'], ok);
    app.get(/^\/re(gex)$/, ok);
    const orders = express.Router();
    orders.use(pass);
    orders.get('/', ok);
    orders.get('/:order', ok);
    const users = express.Router();
    users.use('/:user/orders', orders);
    users.get('/broken', fail);
    app.use('/api/users', users);
    app.use('/archive', orders);
    const admin = express();
    admin.get('/:page', (request, response, next) =>
      (request.params.page === 'fails' ? fail : three)(request, response, next),
    );
    app.use('/tenants/:tenant/admin', admin);
    app.use((error: Error, _request: Request, response: ServerResponse, _next: unknown) => {
      response.statusCode = 500;
      response.end(error.message);
    });

    const { get } = await open(t, app);
    const paths = ['/', '/items/1', '/items/2', '/a', '/b', '/regex', '/nothing', '/api/users/7/nothing/at/all'];
    for (const path of paths) await get(path);
    for (const user of ['1', 'users', 'orders', 'a%2Fb', '%C3%A4'])
      await get(`/api/users/${user}/orders/17?page=${user}`);
    await get('/api/users/1/orders');
    await get('/archive/99');
    await get('/api/users/broken');
    await get('/tenants/tenants/admin/home');
    await get('/tenants/other/admin/fails');
    t.same(await shownAfter(collector, paths.length + 10), {
      'method=GET,route=/,status=200': 1,
      'method=GET,route=/items/:id,status=200': 2,
      'method=GET,route=/a|/b,status=200': 2,
      'method=GET,route=/^\\\\/re(gex)$/,status=200': 1,
      'method=GET,route=__unmatched__,status=404': 2,
      'method=GET,route=/api/users/:user/orders/:order,status=200': 5,
      'method=GET,route=/api/users/:user/orders,status=200': 1,
      'method=GET,route=/archive/:order,status=200': 1,
      'method=GET,route=/api/users/broken,status=500': 1,
      'method=GET,route=/tenants/:tenant/admin/:page,status=503': 1,
      'method=GET,route=/tenants/:tenant/admin/:page,status=500': 1,
    });
  });

  test(`${version}: routers that functions call, and paths that were rewritten, have their patterns`, async (t) => {
    const collector = collectorFor(t);
    const app = express();
    app.use(expressMetrics({ collector }));
    const lazy = express.Router() as Router & Handler;
    lazy.get('/page', ok);
    const hidden: Handler = (request, response, next) => lazy(request, response, next);
    app.use('/lazy', hidden);
    const inner = express.Router();
    inner.use('/users/:user', hidden);
    inner.get('/direct', ok);
    app.use(inner);
    app.use('/api/:version', inner);
    const rewrite: Handler = (request, _response, next) => {
      request.url = request.url?.replace('/old/', '/new/');
      next();
    };
    app.use(rewrite);
    const rewritten = express.Router();
    rewritten.get('/:page', ok);
    app.use('/new/:user', rewritten);
    const plain = express();
    plain.get('/plain', ok);
    plain.use('/deep/', rewritten);
    app.use(plain);
    const { get } = await open(t, app);
    for (const path of ['/direct', '/api/1/direct', '/plain', '/deep/page']) await get(path);
    for (const path of ['/lazy', '/users/1', '/users/2', '/api/1/users/1', '/api/2/users/2']) await get(`${path}/page`);
    for (const user of [1, 2]) await get(`/old/${user}/page`);
    t.same(await shownAfter(collector, 11), {
      'method=GET,route=/direct,status=200': 1,
      'method=GET,route=/api/:version/direct,status=200': 1,
      'method=GET,route=/plain,status=200': 1,
      'method=GET,route=/deep/:page,status=200': 1,
      'method=GET,route=/lazy/page,status=200': 1,
      'method=GET,route=/users/:user/page,status=200': 2,
      'method=GET,route=/api/:version/users/:user/page,status=200': 2,
      'method=GET,route=/new/:user/:page,status=200': 2,
    });
  });

  test(`${version}: 10,000 paths of a scanner make one series`, async (t) => {
    const collector = collectorFor(t);
    const app = express();
    app.use(expressMetrics({ collector }));
    app.use('/api/:version', express.Router());
    const { port } = await open(t, app);
    const raw = await Raw.open(t, port);
    for (let n = 0; n < 10_000; n++) raw.send([`GET /api/${n}/${Math.random()}.php HTTP/1.1`]);
    await until(async () => sum(await shown(collector, 'http_requests_total')) === 10_000);
    t.same(await shownAfter(collector, 10_000), { 'method=GET,route=__unmatched__,status=404': 10_000 });
  });

  test(`${version}: with its server instrumented too, requests are counted once, by their routes`, async (t) => {
    const collector = collectorFor(t);
    const app = express();
    app.use(expressMetrics<Request>({ collector, ignore: ({ url }) => url === '/ignored' }));
    app.get('/items/:id', ok);
    app.get('/ignored', ok);
    const server = createServer(app);
    instrumentServer(server, { collector, ignore: ['/ignored'] });
    server.on('upgrade', (_request, socket) => socket.end('HTTP/1.1 426 Upgrade Required\r\n\r\n'));
    const port = await listening(t, server);
    for (const path of ['/items/1', '/ignored']) await (await fetch(`http://127.0.0.1:${port}${path}`)).text();
    const raw = await Raw.open(t, port);
    raw.send(['GET /items/2 HTTP/1.1', 'Connection: Upgrade', 'Upgrade: websocket']);
    await raw.receives(/426/);
    t.same(await shownAfter(collector, 2), {
      'method=GET,route=/items/:id,status=200': 1,
      'method=GET,route=__unmatched__,status=426': 1,
    });
  });

  test(`${version}: the option route takes precedence over the route of the framework`, async (t) => {
    const collector = collectorFor(t);
    const app = express();
    const route = ({ baseUrl }: Request) => (baseUrl === '/static' ? '/static' : undefined);
    app.use(expressMetrics({ collector, route, unmatched: 'none' }));
    app.use('/static', ok);
    app.get('/items/:id', ok);
    const { get } = await open(t, app);
    for (const path of ['/static/a.css', '/static/b.css', '/items/1', '/x']) await get(path);
    t.same(await shownAfter(collector, 4), {
      'method=GET,route=/static,status=200': 2,
      'method=GET,route=/items/:id,status=200': 1,
      'method=GET,route=none,status=404': 1,
    });
  });
}

test('a middleware that is called after the end of the response records nothing', async (t) => {
  const collector = collectorFor(t);
  const middleware = expressMetrics({ collector });
  const server = createServer((request, response) => {
    response.end('done');
    response.once('close', () => middleware(request as Request, response, () => {}));
  });
  const port = await listening(t, server);
  await (await fetch(`http://127.0.0.1:${port}`)).text();
  t.same(await shownAfter(collector, 0), {});
});
