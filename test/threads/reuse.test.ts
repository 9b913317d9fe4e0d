import { setTimeout as sleep } from 'node:timers/promises';
import { attachCollector, type MetricsCollector } from 'ringmeter';
import { type Test, test } from 'tap';
import { Arena } from '../../dist/src/arena/arena.js';
import { threadMark } from '../../dist/src/arena/shard.js';
import { FlushService } from '../../dist/src/flush/service.js';
import { samplesOf, SEED, until } from '../instruments/support';
import program from '../fixtures/program.cjs';

/** A collector on an arena whose memory is used again after a few milliseconds, and what a flush worker has. */
function mortal(t: Test, settings: object = {}): { collector: MetricsCollector; arena: Arena; service: FlushService } {
  const arena = Arena.create({
    maker: threadMark(0),
    maxMemory: 16 * 2 ** 20,
    maxThreads: 8,
    ringCapacity: 1024,
    settings: {
      drainInterval: 10,
      flushInterval: 0,
      onFull: 'fold',
      cardinalityLimit: 1_000,
      seriesLimit: 10_000,
      defaultLabels: {},
      quarantine: 10,
      ...settings,
    },
  });
  const collector = attachCollector({ arena: arena.buffer });
  t.teardown(() => collector.close());
  return { collector, arena, service: new FlushService(arena, []) };
}

test('label sets that come and go for ever stay within the memory of those that are there at once', async (t) => {
  const { collector, service } = mortal(t);
  const counter = collector.counter('c', { labelNames: ['id'], ttl: 0.05 });
  const histogram = collector.histogram('h', { labelNames: ['id'], buckets: [1], ttl: 0.05 });
  let bytes = 0;
  let problems = 0;
  for (let round = 0; round < 60; round++) {
    for (let id = 0; id < 100; id++) {
      counter.increment(round * 100 + id, { id: `${round}-${id}` });
      histogram.observe(round * 100 + id, { id: `${round}-${id}` });
    }
    for (let turn = 0; turn < 4; turn++) {
      await sleep(15);
      service.tick();
      const text = Buffer.from((await service.exposition()).body).toString();
      for (const [, name, number, id, value] of text.matchAll(/^(c|h_sum)\{id="(\d+)-(\d+)"\} (\S+)$/gm))
        if (Number(value) !== Number(number) * 100 + Number(id)) {
          problems++;
          t.comment(`${name} ${number}-${id}: ${value}`);
        }
      for (const { labels, value, name } of await service.metrics()) {
        const [number, id] = labels.id.split('-').map(Number);
        if (name === 'c' && value !== number * 100 + id) problems++;
      }
    }
    if (round === 30) bytes = collector.stats().bytes;
  }
  t.equal(problems, 0);
  t.equal(collector.stats().bytes, bytes, 'nothing more is taken');
  const { removed } = (await service.cardinality()).metrics[0];
  t.ok(removed < 3_000, `${removed} of 6000 have memory`);
});
