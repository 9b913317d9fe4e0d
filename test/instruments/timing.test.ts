import type { Histogram, MetricOptions, MetricsCollector, Summary } from 'ringmeter';
import { test } from 'tap';
import { collectorFor, conserves, stopTime } from './support';

const kinds = ['histogram', 'summary'] as const;

const make = (collector: MetricsCollector, kind: 'histogram' | 'summary', options?: Omit<MetricOptions, 'labels'>) =>
  (kind === 'histogram' ? collector.histogram('m', options) : collector.summary('m', options)) as Histogram | Summary;

for (const kind of kinds) {
  test(`startTimer of a ${kind} observes the seconds until it is stopped`, async (t) => {
    const pass = stopTime(t);
    const collector = collectorFor(t);
    const metric = make(collector, kind);
    const seen = (): [number, number] => [sumOf(), countOf()];
    const sumOf = (): number => ('getStatistics' in metric ? metric.getStatistics().sum : metric.getValue().sum);
    const countOf = (): number => ('getStatistics' in metric ? metric.getStatistics().count : metric.getValue().count);

    const stop = metric.startTimer();
    pass(250);
    t.equal(stop(), 0.25);
    t.same(seen(), [0.25, 1]);
    pass(250);
    t.equal(stop(), 0.5, 'a second stop is a second observation');
    t.same(seen(), [0.75, 2]);
    const bound = metric.labels({ route: '/' });
    const stopBound = bound.startTimer();
    pass(1000);
    t.equal(stopBound(), 1);
    t.same(seen(), [0.75, 2], 'the other series has it');
    const labelled = metric.startTimer({ route: '/' });
    pass(500);
    labelled();
    metric.startTimer()({ route: '/' });
    t.equal('getStatistics' in bound ? bound.getStatistics().count : bound.getValue().count, 3);
    conserves(t, collector, 5);
  });

  test(`time of a ${kind} returns the result of the function, whatever it is, and observes once`, async (t) => {
    const pass = stopTime(t);
    const collector = collectorFor(t);
    const metric = make(collector, kind, { labelNames: ['way'] });
    const bound = metric.labels({ way: 'bound' });
    const run = [
      ['per call', <T>(fn: () => T): T => metric.time(fn, { way: 'bound' })],
      ['bound', <T>(fn: () => T): T => bound.time(fn)],
    ] as const;
    let calls = 0;
    const observed = (way: string): void => {
      calls++;
      const { count, sum } = 'getStatistics' in bound ? bound.getStatistics() : bound.getValue();
      t.same([count, sum], [calls, calls * 0.5], way);
    };
    const failure = new Error('no');
    for (const [way, time] of run) {
      t.equal(
        time(() => {
          pass(500);
          return 42;
        }),
        42,
      );
      observed(`${way}: a value`);
      t.throws(
        () =>
          time(() => {
            pass(500);
            throw failure;
          }),
        failure,
      );
      observed(`${way}: thrown`);
      const value = time(async () => {
        await null;
        pass(500);
        return 'later';
      });
      t.ok(value instanceof Promise);
      t.equal(await value, 'later');
      observed(`${way}: resolved`);
      await t.rejects(
        time(async () => {
          await null;
          pass(500);
          throw failure;
        }),
        failure,
      );
      observed(`${way}: rejected`);
      t.equal(
        await time(() => {
          pass(500);
          // biome-ignore lint/suspicious/noThenProperty: a thenable that is no promise is what this is about
          return { then: (resolve: (value: number) => void) => resolve(7) } as PromiseLike<number>;
        }),
        7,
      );
      observed(`${way}: a thenable`);
      t.equal(
        time(() => {
          pass(500);
        }),
        undefined,
      );
      observed(`${way}: nothing`);
    }
    conserves(t, collector, calls);
  });

  test(`time of a ${kind} runs the function even if the labels cannot be used`, async (t) => {
    const collector = collectorFor(t);
    const metric = make(collector, kind, { labelNames: ['way'] });
    t.equal(
      metric.time(() => 42, { wrong: 1 } as never),
      42,
    );
    t.equal(await metric.time(async () => 42, null as never), 42);
    t.equal(collector.stats().invalid, 2);
  });

  test(`labels given when a ${kind}'s timer stops come on top of those given when it started`, async (t) => {
    const collector = collectorFor(t);
    const metric = make(collector, kind, { labelNames: ['method', 'status'] });
    const start = metric.startTimer as (labels: object) => (labels: object) => number;
    start.call(metric, { method: 'GET' })({ status: 200 });
    t.equal(collector.stats().invalid, 0);
    t.equal(collector.stats().folded, 1);
  });
}

test('stopping a timer with labels that cannot be read or used does not throw, and is counted as invalid', async (t) => {
  const throwing = {
    get a(): string {
      throw new Error('from user code');
    },
  };
  const { proxy: revoked, revoke } = Proxy.revocable({}, {});
  revoke();
  for (const kind of kinds) {
    const collector = collectorFor(t);
    const metric = make(collector, kind);
    const good = { b: '1' };
    let calls = 0;
    for (const bad of [throwing, revoked, null, 7, 'ab', ['a'], Symbol('a'), () => 'a', { a: null }, { 'a-b': '1' }])
      for (const [early, late] of [
        [undefined, bad],
        [bad, undefined],
        [good, bad],
        [bad, good],
      ] as [undefined, never][]) {
        const stop = metric.startTimer(early);
        t.doesNotThrow(() => t.type(stop(late), 'number', 'the seconds are there all the same'));
        t.equal(collector.stats().invalid, ++calls, `${typeof early}, ${typeof late}`);
      }
    conserves(t, collector, calls);
    t.equal(collector.stats().series, 0, 'and makes no series');
  }
});

test('a result that only resembles a promise is returned unchanged, and observed once', async (t) => {
  const fails = (): never => {
    throw new Error('from user code');
  };
  let reads = 0;
  const thenable = (then: (done: (value: number) => void) => void): object =>
    Object.defineProperty({}, 'then', { value: then });
  const results: Record<string, object> = {
    'a then that cannot be read': Object.defineProperty({}, 'then', { get: fails }),
    'a then that can be read once': Object.defineProperty({}, 'then', { get: () => (reads++ === 0 ? 'x' : fails()) }),
    'a then that throws': thenable(fails),
    'a then that calls back and throws': thenable((done) => {
      done(1);
      fails();
    }),
    'a then that gives no promise': thenable((done) => {
      done(1);
    }),
    'a then that calls back twice': thenable((done) => {
      done(1);
      done(2);
    }),
    'a revoked proxy': (() => {
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      return proxy;
    })(),
  };
  for (const kind of kinds) {
    const collector = collectorFor(t);
    const metric = make(collector, kind);
    const bound = metric.labels({});
    let calls = 0;
    for (const [name, result] of Object.entries(results))
      for (const time of [() => metric.time(() => result), () => bound.time(() => result)]) {
        reads = 0;
        t.doesNotThrow(() => t.ok(time() === result, name), name);
        conserves(t, collector, ++calls);
      }
    t.equal(collector.stats().invalid, 0);
  }
});

test('a thenable whose then returns no promise is observed when it calls back', async (t) => {
  const pass = stopTime(t);
  const histogram = collectorFor(t).histogram('m');
  let finish = (): void => {};
  const thenable = Object.defineProperty({}, 'then', {
    value: (done: () => void) => {
      finish = done;
    },
  });
  histogram.time(() => thenable);
  pass(500);
  t.equal(histogram.getValue().count, 0);
  finish();
  t.same([histogram.getValue().count, histogram.getValue().sum], [1, 0.5]);
});
