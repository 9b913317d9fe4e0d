import type { Arena } from '../arena/arena';
import { int, PAGE_MASK, PAGE_SHIFT, PAGE_WORDS, SHARD, WORD_BYTES } from '../arena/layout';
import type { Shard } from '../arena/shard';
import { readConsistently } from '../atomics/sequence-lock';

/**
 * The cells of some shards, as merging reads them, on whichever thread. Its caller holds the shards' locks, which keeps the
 * cells still. Overflow cells are written without a lock, and so are, for this thread, those of a shard whose lock it did
 * not get: of these it takes copies that are checked by their sequence words.
 *
 * Pages are looked up with plain loads: the lock has made the cells visible, and what a new page of overflow cells does
 * not show yet is an event that is being folded at this moment.
 */
export class ShardCells {
  shards: readonly Shard[] = [];
  /** Whether nobody else can write the cells of a shard, its overflow cells aside. */
  isStill: (shard: Shard) => boolean = () => true;
  /** Where `copy` puts what it copies, from index 0 on. */
  readonly copiedF64: Float64Array;
  readonly copiedI32: Int32Array;
  private still: readonly boolean[] = [];

  constructor(readonly arena: Arena) {
    const room = new ArrayBuffer(PAGE_WORDS * WORD_BYTES);
    this.copiedF64 = new Float64Array(room);
    this.copiedI32 = new Int32Array(room);
  }

  /** To be called before series are merged without a break: until then, nobody lets go of a lock or takes one. */
  begin(): void {
    this.still = this.shards.map(this.isStill);
  }

  /** Whether the cells of a shard, by its index among `shards`, can be read where they are. */
  isStillAt(index: number): boolean {
    return this.still[index];
  }

  /** The first cell of a series in the shard that a page table belongs to, 0 if the shard has none. */
  find(table: number, id: number): number {
    const page = this.arena.i32[table + (id >>> PAGE_SHIFT)];
    return page === 0 ? 0 : page + (id & PAGE_MASK);
  }

  /** Copies cells that begin with a sequence word, consistently. */
  copy(cell: number, words: number): void {
    const { i32, f64 } = this.arena;
    readConsistently(i32, int(cell), () => {
      for (let word = 0; word < words; word++) this.copiedF64[word] = f64[cell + word];
    });
  }
}

/** Whether the shard's owner has ever folded in place; it counts an event when the event is in its cells. */
export function hasOverflown(shard: Shard): boolean {
  return shard.count(SHARD.FOLDED_IN_PLACE) > 0;
}
