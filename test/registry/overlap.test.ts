import { test } from 'tap';
import { Arena } from '../../dist/src/arena/arena.js';
import type { Definition, MetricType } from '../../dist/src/kinds/definition.js';
import { Catalog } from '../../dist/src/registry/catalog.js';
import { decide, findRival } from '../../dist/src/registry/overlap.js';
import { registerFamily } from '../../dist/src/registry/register.js';

function definitionOf(type: MetricType, name: string): Definition {
  const rest = { description: '', unit: '', labelNames: null, quantiles: [], maxAge: 60, maxSamples: 10 };
  return { name, type, buckets: type === 'histogram' ? [1] : [], ...rest };
}

/** Families that were published at the same time: all of them before any was settled. */
function publish(...metrics: [MetricType, string][]): { arena: Arena; families: number[]; shown: () => string[] } {
  const arena = Arena.create({ maker: 1, maxMemory: 2 ** 20, maxThreads: 1, ringCapacity: 64, settings: {} });
  const families = metrics.map(([type, name]) => registerFamily(arena, definitionOf(type, name)));
  const catalog = new Catalog(arena);
  const shown = (): string[] => {
    catalog.refresh();
    return catalog.families.map(({ definition }) => definition.name);
  };
  return { arena, families, shown };
}

const orders = (count: number): number[][] =>
  count === 0
    ? [[]]
    : orders(count - 1).flatMap((order) =>
        Array.from({ length: count }, (_, at) => [...order.slice(0, at), count - 1, ...order.slice(at)]),
      );

test('a family is visible once its definition is decided, and not before', (t) => {
  const { arena, families, shown } = publish(['histogram', 'm']);
  t.same(shown(), []);
  t.ok(decide(arena, families[0]));
  t.same(shown(), ['m']);
  t.end();
});

test('of two conflicting definitions published at the same time the first wins, whichever thread decides', (t) => {
  for (const metrics of [
    [
      ['histogram', 'm'],
      ['counter', 'm_count'],
    ],
    [
      ['counter', 'm_count'],
      ['histogram', 'm'],
    ],
    [
      ['summary', 'm'],
      ['histogram', 'm_sum'],
    ],
    [
      ['histogram', 'm_sum'],
      ['summary', 'm'],
    ],
  ] as [MetricType, string][][])
    for (const order of orders(2)) {
      const { arena, families, shown } = publish(...metrics);
      for (const index of order) t.equal(decide(arena, families[index]), index === 0, `${metrics}: ${index}`);
      t.same(shown(), [metrics[0][1]]);
      t.equal(findRival(arena, definitionOf(...metrics[1])), metrics[0][1]);
      t.notOk(decide(arena, families[1]), 'and so it stays');
    }
  t.end();
});

test('a decided definition is not replaced by a conflicting one at an earlier position', (t) => {
  const arena = Arena.create({ maker: 1, maxMemory: 2 ** 20, maxThreads: 1, ringCapacity: 64, settings: {} });
  const slow = registerFamily(arena, definitionOf('histogram', 'm'));
  // as if the slow thread had listed its record, and published it only after the other one had looked
  const chain = hide(arena, slow);
  const fast = registerFamily(arena, definitionOf('counter', 'm_count'));
  t.ok(decide(arena, fast));
  chain.restore();
  t.notOk(decide(arena, slow));
  t.ok(decide(arena, fast));
  const catalog = new Catalog(arena);
  catalog.refresh();
  t.same(
    catalog.families.map(({ definition }) => definition.name),
    ['m_count'],
  );
  t.end();
});

/** Takes a record out of its hash chain, and puts it back. */
function hide(arena: Arena, record: number): { restore(): void } {
  const head = arena.i32.indexOf(record);
  arena.i32[head] = 0;
  return {
    restore() {
      arena.i32[head] = record;
    },
  };
}

test('in a chain of conflicts a definition wins if those it conflicts with lose, whichever thread decides', (t) => {
  for (const order of orders(4)) {
    const { arena, families, shown } = publish(
      ['counter', 'm_count'],
      ['histogram', 'm'],
      ['gauge', 'm_sum'],
      ['gauge', 'n'],
    );
    for (const index of order) decide(arena, families[index]);
    t.same(
      families.map((family) => decide(arena, family)),
      [true, false, true, true],
      String(order),
    );
    t.same(shown().sort(), ['m_count', 'm_sum', 'n']);
  }
  t.end();
});
