import { MemoryStorage } from 'ringmeter';
import { test } from 'tap';
import { until } from '../../instruments/support';
import { fetchFrom, fill, RawConnection, serving } from '../client';
import { baseOf, formOf, get } from './support';

test('clients that do not read their answers take a limited part of the memory', async (t) => {
  const { collector, endpoint } = await serving(t, { flushWorkers: 0, storage: new MemoryStorage() });
  fill(collector, 200);
  await collector.flush();
  const base = baseOf(endpoint);
  const ask = `GET /api/v1/query?${formOf({ query: 'big_total' })} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
  const clients = await Promise.all(Array.from({ length: 40 }, () => RawConnection.open(t, endpoint.port)));
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  const look = setInterval(() => {
    most = Math.max(most, process.memoryUsage().arrayBuffers - before);
  }, 20);
  t.teardown(() => clearInterval(look));
  for (const client of clients) client.pause().write(ask);
  // all 40 of them would be 480 MB
  await until('others are answered', async () => (await get(base, 'query', { query: '1' })).status === 200);
  t.ok(most > 20e6 && most < 250e6, `${Math.round(most / 1e6)} MB`);
  t.equal((await fetchFrom(endpoint.url)).status, 200);
});
