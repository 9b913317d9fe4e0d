import { gunzipSync } from 'node:zlib';
import { FileStorage, OtlpStorage, PrometheusStorage, readMetricsDirectory, type Storage } from 'ringmeter';
import { type Test, test } from 'tap';
import { collectorFor, samplesOf } from '../instruments/support';
import { type Answer, type Received, receive } from '../storages/receiver';
import { decode, linesOf } from '../storages/remote-write-decoder';

const takes: Answer = (response) =>
  void response.writeHead(200, { 'x-prometheus-remote-write-samples-written': '1' }).end();

/** A collector that has delivered two snapshots of one counter. */
async function delivered(t: Test, storage: Storage) {
  const collector = collectorFor(t, { storage });
  collector.counter('orders_total').increment();
  for (let flush = 0; flush < 2; flush++) (await collector.collectAndStore()).unwrap();
  return collector;
}

const RECEIVERS: Record<string, [make: (url: string) => Storage, textOf: (request: Received) => string]> = {
  'remote write': [
    (url) => new PrometheusStorage({ remoteWrite: { url } }),
    (request) => [...linesOf(decode(request)).keys()].join('\n'),
  ],
  'a Pushgateway': [
    (url) => new PrometheusStorage({ pushgateway: { url, job: 'j' } }),
    ({ body }) => gunzipSync(body).toString(),
  ],
  OTLP: [(url) => new OtlpStorage({ url, encoding: 'json', compression: 'none' }), ({ body }) => body.toString()],
};

for (const [what, [make, textOf]] of Object.entries(RECEIVERS))
  test(`metrics that change with each delivery are not sent to ${what}, and a scrape shows them`, async (t) => {
    const { url, requests } = await receive(t, takes);
    const collector = await delivered(t, make(url));
    t.equal(requests.length, 2);
    for (const request of requests) {
      t.match(textOf(request), 'orders_total');
      t.notMatch(textOf(request), 'ringmeter_storage');
    }
    const scraped = [...(await samplesOf(collector))].filter(([name]) => name.startsWith('ringmeter_storage_stored'));
    t.same(
      scraped.map(([, value]) => value),
      [2],
    );
  });

test('files contain the metrics of the storages', async (t) => {
  const directory = t.testdir({});
  await delivered(t, new FileStorage({ directory }));
  const names = new Set<string>();
  for await (const { metrics } of readMetricsDirectory(directory)) for (const { name } of metrics) names.add(name);
  t.ok(names.has('ringmeter_storage_stored_total'));
});
