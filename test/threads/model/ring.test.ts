import type { Arena } from '../../../dist/src/arena/arena.js';
import { core, type Mutation } from './mutant';
import { type Make, protocol } from './protocol';
import { CODE, digit, problemOf, ringOf } from './small-ring';

/** A thread records some events and publishes them, while others drain the ring, each so many times. */
function recordedBesideDrains(waiting: number, events: number, drainers: readonly number[]): Make {
  return (code) => {
    const { arena, id } = ringOf(waiting);
    return {
      buffer: arena.buffer,
      actors: [
        (own) => {
          const recorder = new code.recorder.Recorder(own, 'fold');
          for (let event = 0; event < events; event++) recorder.record(CODE | id, 0, digit(waiting + event));
          recorder.publish();
        },
        ...drainers.map((drains, number) => (own: Arena) => {
          const drainer = new code.drain.Drainer(own, 2 + number);
          for (let turn = 0; turn < drains; turn++) drainer.drainAll();
        }),
      ],
      check(own) {
        const [{ folded, freed }] = code.shard.openShards(own);
        if (freed !== (folded | 0)) return `${folded - freed} slots are not given back`;
        // the rest is taken out now
        new core.drain.Drainer(own, 9).drainAll();
        return problemOf(own, id, waiting + events);
      },
    };
  };
}

const PLAIN_PUBLICATION: Mutation = [
  'instruments/recorder.js',
  'Atomics.store(i32, (0, layout_1.int)(base + layout_1.SHARD.PUBLISHED), position);',
  'i32[(0, layout_1.int)(base + layout_1.SHARD.PUBLISHED)] = position;',
];
const PLAIN_READER: Mutation = [
  'arena/shard.js',
  'return Atomics.load(this.arena.i32, (0, layout_1.int)(this.base + layout_1.SHARD.PUBLISHED));',
  'return this.arena.i32[(0, layout_1.int)(this.base + layout_1.SHARD.PUBLISHED)];',
];
/** The new head is published when the first store of the event is made. */
const EARLY_PUBLICATION: Mutation = [
  'instruments/recorder.js',
  'i32[at + 1] = aux;',
  'Atomics.store(i32, (0, layout_1.int)(this.shard.base + layout_1.SHARD.PUBLISHED), (this.position + 1) | 0);\n i32[at + 1] = aux;',
];
const EARLY_FREE: Mutation = [
  'drain/drain.js',
  'for (let offset = 0; offset < count; offset++) {',
  'Atomics.store(i32, (0, layout_1.int)(base + layout_1.SHARD.FREED), (first + count) | 0);\n for (let offset = 0; offset < count; offset++) {',
];
const FREED_UNLOCKED: Mutation = [
  'drain/drain.js',
  'folded += this.foldBatch(shard, head);\n                (0, mutex_1.unlock)(this.arena.i32, shard.lock);',
  'folded += this.foldBatch(shard, head);\n                (0, mutex_1.unlock)(this.arena.i32, shard.lock);\n                shard.free();',
];

protocol('a ring that is drained while its owner records', recordedBesideDrains(0, 4, [2]), {
  'a head that is published by a plain store': [PLAIN_PUBLICATION],
  'a head that is published before the event': [EARLY_PUBLICATION],
  'a drainer that loads the head plainly': [PLAIN_READER],
});
protocol('a full ring that is drained while its owner records', recordedBesideDrains(3, 3, [2]), {
  'slots that are given back before they are read': [EARLY_FREE],
});
protocol('a ring that two threads drain while its owner records', recordedBesideDrains(0, 2, [1, 1]), {
  'slots that are given back after the lock': [FREED_UNLOCKED],
});
