import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { NestFactory } from '@nestjs/core';
import autocannon from 'autocannon';
import { expressMetrics, setMetricsCollector } from 'ringmeter';
import { test } from 'tap';
import ts from 'typescript';
import { collectorFor, samplesOf } from '../instruments/support';
import { Raw, shownAfter } from './support';

const FIXTURE = join(__dirname, '..', 'fixtures', 'nest', 'app.ts');

/** Compiles the application as Nest's users do: with decorators that know the types of constructors. */
function load(): { AppModule: new () => object } {
  const { outputText } = ts.transpileModule(readFileSync(FIXTURE, 'utf8'), {
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.CommonJS,
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
    },
  });
  const module = { exports: {} };
  new Function('exports', 'require', 'module', outputText)(module.exports, require, module);
  return module.exports as { AppModule: new () => object };
}

test('a NestJS application is recorded by its routes, under load, with its services', async (t) => {
  const collector = collectorFor(t);
  setMetricsCollector(collector);
  const app = await NestFactory.create(load().AppModule, { logger: false, forceCloseConnections: true });
  app.use(expressMetrics({ collector }));
  app.setGlobalPrefix('api');
  await app.listen(0, '127.0.0.1');
  t.teardown(() => app.close());
  const { port } = app.getHttpServer().address() as AddressInfo;

  const load1 = await autocannon({
    url: `http://127.0.0.1:${port}`,
    connections: 10,
    amount: 2_000,
    requests: [
      { path: '/api/users/7' },
      { path: '/api/users/nobody' },
      { path: '/api/users', method: 'POST' },
      { path: '/api/nothing' },
    ],
  });
  t.equal(load1.requests.total, 2_000);
  for (let n = 0; n < 5; n++) {
    const raw = await Raw.open(t, port);
    raw.send([`GET /api/users/${n}/slow HTTP/1.1`]);
    // an answered request behind it shows that the first has arrived
    const other = await Raw.open(t, port);
    other.send(['POST /api/users HTTP/1.1']);
    await other.receives(/201/);
    raw.socket.destroy();
  }
  const counts = await shownAfter(collector, 2_010);
  const of = (labels: string): number => counts[labels] ?? 0;
  const found = of('method=GET,route=/api/users/:id,status=200');
  const failed = of('method=GET,route=/api/users/:id,status=500');
  const created = of('method=POST,route=/api/users,status=201');
  const unmatched = of('method=GET,route=__unmatched__,status=404');
  t.equal(of('method=GET,route=/api/users/:id/slow,status=499'), 5);
  t.equal(Object.keys(counts).length, 5);
  t.equal(found + created - 5, load1['2xx']);
  t.equal(failed, load1['5xx']);
  t.equal(unmatched, load1['4xx']);
  const samples = await samplesOf(collector);
  t.equal(samples.get('user_service_find_total'), found + failed);
  t.equal(samples.get('user_service_find_errors_total'), failed);
  t.equal(samples.get('user_service_create_seconds_count'), created);
});
