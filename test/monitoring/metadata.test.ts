import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import { Controller, Get, Header, HttpCode, Module, SetMetadata, UseGuards } from '@nestjs/common';
import { NestFactory, Reflector } from '@nestjs/core';
import {
  Counted,
  InFlight,
  monitored,
  PerformanceMonitored,
  setMetricsCollector,
  Timed,
  TimingMetric,
} from 'ringmeter';
import { test } from 'tap';
import { collectorFor, samplesOf } from '../instruments/support';

type Legacy = (target: object, key: string, descriptor: PropertyDescriptor) => PropertyDescriptor | undefined;

/** What TypeScript compiles decorators to with `experimentalDecorators`: the lowest one is applied first. */
function decorate(type: new () => object, key: string, ...decorators: unknown[]): void {
  let descriptor = Object.getOwnPropertyDescriptor(type.prototype, key)!;
  for (const one of decorators.reverse() as Legacy[]) descriptor = one(type.prototype, key, descriptor) ?? descriptor;
  Object.defineProperty(type.prototype, key, descriptor);
}

class Deny {
  canActivate(): boolean {
    return false;
  }
}

class NoAdmins {
  canActivate(context: { getHandler(): () => void }): boolean {
    return new Reflector().get('role', context.getHandler()) !== 'admin';
  }
}

class Routes {
  guard(): string {
    return 'secret';
  }
  role(): string {
    return 'secret';
  }
  monitoredGuard(): string {
    return 'secret';
  }
  code(): string {
    return 'x';
  }
  route(): string {
    return 'x';
  }
}

test('guards, roles, status codes, headers and routes of decorators below ours stay', async (t) => {
  setMetricsCollector(collectorFor(t));
  decorate(Routes, 'guard', Get('guard'), Counted('guard_total'), UseGuards(Deny));
  decorate(Routes, 'role', Get('role'), UseGuards(NoAdmins), InFlight('role_calls'), SetMetadata('role', 'admin'));
  const pm = PerformanceMonitored({ timingMetric: new TimingMetric('pm_seconds') });
  decorate(Routes, 'monitoredGuard', Get('pm'), pm, UseGuards(Deny));
  decorate(Routes, 'code', Get('code'), Counted('code_total'), HttpCode(202), Header('x-h', '1'));
  decorate(Routes, 'route', Counted('route_total'), Timed('route_seconds'), Get('route'));
  Controller()(Routes);
  class App {}
  Module({ controllers: [Routes] })(App);
  const app = await NestFactory.create(App, { logger: false });
  await app.listen(0, '127.0.0.1');
  t.teardown(() => app.close());
  const { port } = app.getHttpServer().address() as AddressInfo;
  const ask = (path: string) => fetch(`http://127.0.0.1:${port}/${path}`);
  for (const path of ['guard', 'role', 'pm']) t.equal((await ask(path)).status, 403, path);
  const code = await ask('code');
  t.equal(code.status, 202);
  t.equal(code.headers.get('x-h'), '1');
  t.equal((await ask('route')).status, 200);
});

test('the wrapper gets the properties, symbols and metadata of the function, or of the class and its members', async (t) => {
  const collector = collectorFor(t);
  const timingMetric = new TimingMetric('f_seconds');
  const key = Symbol('settings');
  async function* generator(): AsyncGenerator<number> {
    yield 1;
  }
  for (const fn of [() => 1, async () => 1, generator]) {
    Object.assign(fn, { schema: { body: 1 }, [key]: 2 });
    Reflect.defineMetadata('k', 'v', fn);
    const wrapper = monitored(fn as () => unknown, { timingMetric, collector });
    t.same(Reflect.get(wrapper, 'schema'), { body: 1 });
    t.equal(Reflect.get(wrapper, key), 2);
    t.equal(Reflect.getOwnMetadata('k', wrapper), 'v');
    Reflect.defineMetadata('later', 1, wrapper);
    t.notOk(Reflect.hasMetadata('later', fn), 'the wrapped function is left as it was');
  }
  class Service {
    readonly made = true;
    static make(): Service {
      return new Service();
    }
  }
  Reflect.defineMetadata('design:paramtypes', [String], Service);
  Reflect.defineMetadata('role', 'admin', Service, 'make');
  const wrapper = monitored(Service as never, { timingMetric, collector }) as typeof Service;
  t.same(Reflect.getOwnMetadata('design:paramtypes', wrapper), [String]);
  t.equal(Reflect.getOwnMetadata('role', wrapper, 'make'), 'admin');
  t.ok(new wrapper() instanceof Service);
});

/** Says something of a method in each way that a standard decorator can. */
function says(method: (...args: never[]) => unknown, context: ClassMethodDecoratorContext): void {
  Object.assign(method, { schema: { body: context.name }, [ROLE]: 'admin' });
  Reflect.defineMetadata('k', context.name, method);
  // there is none where the language has no Symbol.metadata
  if (context.metadata !== undefined) Object.assign(context.metadata, { [context.name]: 'said' });
}

const ROLE = Symbol('role');

/** TypeScript's library does not know it, and old Nodes do not have it. */
const metadataSymbol = (): symbol | undefined => Reflect.get(Symbol, 'metadata');

for (const hasMetadata of [false, true])
  test(`metadata of standard decorators stay, ${hasMetadata ? 'with' : 'without'} Symbol.metadata`, async (t) => {
    const given = metadataSymbol();
    if (given !== undefined && !hasMetadata) return t.end();
    if (given === undefined && hasMetadata) {
      Object.defineProperty(Symbol, 'metadata', { value: Symbol('Symbol.metadata'), configurable: true });
      t.teardown(() => Reflect.deleteProperty(Symbol, 'metadata'));
    }
    const collector = collectorFor(t);
    class Service {
      @Counted('above_total', { collector })
      @says
      above(): number {
        return 1;
      }
      @says
      @Timed('below_seconds', { collector })
      below(): number {
        return 2;
      }
      @PerformanceMonitored({ timingMetric: new TimingMetric('whole_seconds'), collector })
      @says
      @InFlight('static_calls', { collector })
      static whole(): number {
        return 3;
      }
    }
    const service = new Service();
    t.same([service.above(), service.below(), Service.whole()], [1, 2, 3]);
    for (const method of [service.above, service.below, Service.whole]) {
      t.same(Reflect.get(method, 'schema'), { body: method.name });
      t.equal(Reflect.get(method, ROLE), 'admin');
      t.equal(Reflect.getOwnMetadata('k', method), method.name);
    }
    const metadata: unknown = hasMetadata ? Reflect.get(Service, metadataSymbol()!) : undefined;
    t.strictSame(
      metadata && { ...metadata },
      hasMetadata ? { above: 'said', below: 'said', whole: 'said' } : undefined,
    );
    if (hasMetadata) {
      const wrapper = monitored(Service as never, { timingMetric: new TimingMetric('made_seconds'), collector });
      t.equal(Reflect.get(wrapper, metadataSymbol()!), metadata, 'that of a class goes over to what wraps the class');
    }
    const samples = await samplesOf(collector);
    for (const name of ['above_total', 'below_seconds_count', 'whole_seconds_count'])
      t.equal(samples.get(name), 1, name);
  });

test('every decorator above a generator records until the generator ends', async (t) => {
  const collector = collectorFor(t);
  function* numbers(): Generator<number> {
    yield 1;
    yield 2;
  }
  const inner = monitored(numbers, { timingMetric: new TimingMetric('inner_seconds'), collector });
  const outer = monitored(inner, { timingMetric: new TimingMetric('outer_seconds'), collector });
  const running = outer();
  t.equal(running.next().value, 1);
  t.equal((await samplesOf(collector)).get('outer_seconds_count') ?? 0, 0, 'it has not ended');
  t.same([...running], [2]);
  const samples = await samplesOf(collector);
  t.equal(samples.get('outer_seconds_count'), 1);
  t.equal(samples.get('inner_seconds_count'), 1);
});
