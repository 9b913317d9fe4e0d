import { MemoryStorage } from 'ringmeter';
import { test } from 'tap';
import { until } from '../../instruments/support';
import { serving } from '../client';
import { baseOf, get } from './support';

/** A moment that is later than the last snapshot and earlier than the next. */
async function moment(): Promise<number> {
  const before = Date.now();
  await until('the clock goes on', () => Date.now() > before);
  const now = Date.now();
  await until('the clock goes on', () => Date.now() > now);
  return now / 1000;
}

for (const flushWorkers of [0, 1])
  test(`a removed series is listed for ranges in which it has samples, and for no others (flushWorkers: ${flushWorkers})`, async (t) => {
    const { collector, endpoint } = await serving(t, { flushWorkers, storage: new MemoryStorage() });
    const base = baseOf(endpoint);
    const sessions = collector.gauge('sessions', { labelNames: ['tenant'] });
    const sizes = collector.histogram('sizes', { labelNames: ['kind'], buckets: [1] });
    const before = await moment();
    for (const tenant of ['gone', 'stays']) sessions.set(1, { tenant });
    sizes.observe(2, { kind: 'large' });
    await collector.flush();
    sessions.remove({ tenant: 'gone' });
    sizes.clear();
    const removed = await moment();
    await collector.flush();
    const after = await moment();
    sessions.set(2, { tenant: 'stays' });
    await collector.flush();

    const listed = async (range: Record<string, string>) => {
      const data = async (path: string, more = {}) => (await get(base, path, { ...range, ...more })).json.data;
      const series = await data('series', { 'match[]': ['sessions', 'sizes_count'] });
      return {
        tenants: await data('label/tenant/values'),
        kinds: await data('label/kind/values'),
        labels: (await data('labels')).includes('kind'),
        series: series.map(({ tenant, kind }: Record<string, string>) => tenant ?? kind).sort(),
      };
    };
    const all = { tenants: ['gone', 'stays'], kinds: ['large'], labels: true, series: ['gone', 'large', 'stays'] };
    const rest = { tenants: ['stays'], kinds: [], labels: false, series: ['stays'] };
    t.same(await listed({}), rest, 'without a range');
    t.same(await listed({ start: `${removed}` }), rest, 'since the removal');
    t.same(await listed({ start: `${after}` }), rest, 'after it');
    t.same(await listed({ start: `${before}` }), all, 'in a range that begins before it');
    t.same(await listed({ start: `${before}`, end: `${removed}` }), all, 'in a range that ends before it');
    t.same(
      await listed({ end: `${before}` }),
      { tenants: [], kinds: [], labels: false, series: [] },
      'before them all',
    );

    sessions.set(3, { tenant: 'gone' });
    await collector.flush();
    t.same((await listed({})).tenants, ['gone', 'stays'], 'a series that came back is listed again');
  });
