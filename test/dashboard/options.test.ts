import { type DashboardOptions, MetricsCollector } from 'ringmeter';
import { test } from 'tap';
import { resolveDashboard } from '../../dist/src/dashboard/options';

function refusal(options: unknown): { code?: string; message?: string } {
  try {
    resolveDashboard(options as DashboardOptions);
  } catch (error) {
    return error as Error;
  }
  return {};
}

test('wrong options are refused with what was expected and the value', (t) => {
  const cases: [unknown, RegExp][] = [
    [{ enable: true }, /no other options than enabled, title.*'enable'|enable/],
    [{ enabled: 'yes' }, /dashboard.enabled must be a boolean, got 'yes'|"yes"/],
    [{ timeZone: 'Europe/Atlantis' }, /dashboard.timeZone must be a name such as 'Europe\/Berlin'/],
    [{ title: 3 }, /dashboard.title must be a string/],
    [{ figures: { orders: 'x' } }, /dashboard.figures.orders must be an object/],
    [{ figures: { orders: {} } }, /dashboard.figures.orders.expression must be a string of PromQL, got undefined/],
    [{ figures: { orders: { expression: '"text"' } } }, /must return a scalar or an instant vector, got a string/],
    [{ figures: { orders: { expression: 'x[5m]' } } }, /must return a scalar or an instant vector, got a matrix/],
    [{ figures: { orders: { expression: 'x', unit: 1 } } }, /dashboard.figures.orders.unit must be a string/],
    [{ latency: 'no name' }, /dashboard.latency must be the name of a histogram/],
    [{ requests: 7 }, /dashboard.requests must be a string of PromQL/],
  ];
  for (const [options, message] of cases) t.match(refusal(options), { code: 'RINGMETER_INVALID_OPTION', message });
  t.match(refusal({ figures: { orders: { expression: 'sum(x' } } }), { code: 'RINGMETER_INVALID_QUERY' });
  t.match(refusal({ errors: 'rate(x[)' }), { code: 'RINGMETER_INVALID_QUERY' });
  t.throws(() => new MetricsCollector({ dashboard: { timeZone: 'x' } }), { code: 'RINGMETER_INVALID_OPTION' });
  t.end();
});

test('the placeholders are known to figures and rates', (t) => {
  const { figures, requests } = resolveDashboard({
    figures: { today: { expression: 'sum(increase(x[$today]))' }, now: { expression: 'sum(rate(x[$window]))' } },
    requests: 'sum(rate(x[$window]))',
  });
  t.same(figures.today, { expression: 'sum(increase(x[$today]))', unit: '', description: '' });
  t.equal(requests, 'sum(rate(x[$window]))');
  t.end();
});

test('in production there is no dashboard unless it is asked for', (t) => {
  const { NODE_ENV } = process.env;
  t.teardown(() => {
    if (NODE_ENV === undefined) delete process.env.NODE_ENV;
    else process.env.NODE_ENV = NODE_ENV;
  });
  process.env.NODE_ENV = 'production';
  t.equal(resolveDashboard(undefined).served, 'never');
  t.equal(resolveDashboard({ enabled: true }).served, 'always');
  process.env.NODE_ENV = 'development';
  t.equal(resolveDashboard({}).served, 'protected');
  t.equal(resolveDashboard({ enabled: false }).served, 'never');
  t.end();
});
