import type { Arena } from '../arena/arena';
import { int, PAGE_MASK, PAGE_SHIFT, PAGE_WORDS, SHARD, WORD_BYTES } from '../arena/layout';
import type { Shard } from '../arena/shard';
import { readConsistently } from '../atomics/sequence-lock';

/**
 * The cells of some shards, as any merging thread reads them. The caller holds the shards' locks, so no other thread
 * writes the cells. Two sorts of cells may still change: overflow cells, which the owner writes without a lock, and the
 * cells of a shard whose lock the caller did not get. These are copied, and the copies checked by their sequence words.
 *
 * Pages are looked up with plain loads: the lock has made the cells visible. If a new page of overflow cells is not
 * visible yet, at most an event that is being folded at this moment is missed.
 */
export class ShardCells {
  shards: readonly Shard[] = [];
  /** The destination of `copy`, from index 0 on. */
  readonly copiedF64: Float64Array;
  readonly copiedI32: Int32Array;
  private still: readonly boolean[] = [];

  /** @param isStill whether no other thread can write the cells of a shard, apart from its overflow cells */
  constructor(
    readonly arena: Arena,
    private readonly isStill: (shard: Shard) => boolean,
  ) {
    const room = new ArrayBuffer(PAGE_WORDS * WORD_BYTES);
    this.copiedF64 = new Float64Array(room);
    this.copiedI32 = new Int32Array(room);
  }

  /** Notes which shards' locks are held. Call this before a run of merges during which no lock is taken or released. */
  begin(): void {
    this.still = this.shards.map(this.isStill);
  }

  /** Whether the cells of a shard, given by its index in `shards`, can be read in place, without a copy. */
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

/** Whether the shard's owner has ever folded in place. The owner raises this count when the event is in the cells. */
export function hasOverflown(shard: Shard): boolean {
  return shard.count(SHARD.FOLDED_IN_PLACE) > 0;
}
