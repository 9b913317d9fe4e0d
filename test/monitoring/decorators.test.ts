import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setMetricsCollector } from 'ringmeter';
import { test } from 'tap';
import ts from 'typescript';
import { collectorFor, samplesOf } from '../instruments/support';

const FIXTURE = join(__dirname, '..', 'fixtures', 'decorated.ts');

interface Decorated {
  UserService: {
    new (prefix: string): { create(name: string): Promise<string>; fail(): void; items(): Generator<number> };
    count(by: number): number;
  };
}

/** Compiles the fixture as a user would, and runs it. */
function load(experimentalDecorators: boolean): Decorated {
  const compilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.CommonJS,
    experimentalDecorators,
  };
  const { outputText } = ts.transpileModule(readFileSync(FIXTURE, 'utf8'), { compilerOptions });
  const module = { exports: {} };
  new Function('exports', 'require', 'module', outputText)(module.exports, require, module);
  return module.exports as Decorated;
}

for (const experimentalDecorators of [false, true])
  test(`methods are decorated (experimentalDecorators: ${experimentalDecorators})`, async (t) => {
    const collector = collectorFor(t);
    setMetricsCollector(collector);
    const { UserService } = load(experimentalDecorators);
    const service = new UserService('user-');
    t.equal(await service.create('ann'), 'user-ann');
    await t.rejects(service.create(''), { message: 'no name' });
    t.throws(() => service.fail(), { message: 'always' });
    t.same([...service.items()], [1, 2]);
    t.equal(UserService.count(2), 4);
    t.equal(service.create.name, 'create');
    t.equal(service.create.length, 1);
    const samples = await samplesOf(collector);
    const shown = (name: string): number | undefined => samples.get(name);
    t.equal(shown('user_service_create_total{service="users"}'), 2);
    t.equal(shown('user_service_create_errors{service="users"}'), 1);
    t.equal(shown('user_service_create_time_count{service="users"}'), 2);
    t.equal(shown('fails_total'), 1);
    t.equal(shown('items_seconds_count'), 1);
    t.equal(shown('counting'), 0);
  });
