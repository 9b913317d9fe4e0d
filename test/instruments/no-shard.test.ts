import { test } from 'tap';
import { Arena } from '../../dist/src/arena/arena.js';
import { HEADER, high } from '../../dist/src/arena/layout.js';
import { Recorder } from '../../dist/src/instruments/recorder.js';
import { makeArena } from '../threads/bench';
import { collectorFor, refuses } from './support';

/** What is warned of while an action runs. */
async function warningsOf(action: () => void): Promise<string[]> {
  const warnings: string[] = [];
  const hear = ({ message }: Error): void => void warnings.push(message);
  process.on('warning', hear);
  action();
  await new Promise(setImmediate);
  process.off('warning', hear);
  return warnings;
}

test('a thread without memory for its ring warns of maxMemory, not of maxThreads', async (t) => {
  const arena = makeArena();
  while (arena.allocate(512) !== 0);
  const warnings = await warningsOf(() => new Recorder(arena, 'fold').record(1, 0, 1));
  t.match(warnings, [/^no memory for the ring of another recording thread: raise maxMemory \(16777216 bytes\)/]);
  t.equal(arena.counted(HEADER.LOST), 1);
});

test('a definition that conflicts does not change how often series are checked for their ttl', async (t) => {
  const collector = collectorFor(t);
  const { i32 } = Arena.attach(collector.handle.arena);
  collector.counter('c', { ttl: 60 });
  refuses(t, () => collector.counter('c', { ttl: 1 }), 'RINGMETER_METRIC_CONFLICT', 'ttl');
  refuses(t, () => collector.gauge('c', { ttl: 0.5 }), 'RINGMETER_METRIC_CONFLICT', 'type');
  t.equal(i32[high(HEADER.LIVES)], 60_000);
});
