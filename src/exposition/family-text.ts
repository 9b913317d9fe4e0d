import type { LabelPairs } from '../kinds/definition';
import type { Family } from '../registry/family';
import { presenceIn, type Snapshot } from '../snapshot/snapshot';
import { FamilyLines } from './family-lines';
import type { TextFormat } from './format';
import { TextBlock } from './text-block';
import { TextBuffer } from './text-buffer';

/** Lines of one block, so that a block's text and values fit into a processor's private cache. */
const BLOCK_LINES = 2_048;

/** One metric's lines as they were last rendered. */
export class FamilyText {
  /** The header; and the text that replaces header and lines while there are no series. */
  private readonly header: Uint8Array;
  private readonly empty: Uint8Array;
  private readonly lines: FamilyLines;
  private readonly blocks: TextBlock[] = [];
  private readonly seriesPerBlock: number;

  constructor(
    private readonly family: Family,
    format: TextFormat,
    defaultLabels: LabelPairs,
  ) {
    this.lines = new FamilyLines(family, format);
    this.header = this.lines.header;
    this.empty = this.header;
    this.seriesPerBlock = Math.max(1, Math.floor(BLOCK_LINES / this.lines.count));
    if (family.definition.labelNames !== null) return;
    const zero = new TextBuffer(this.header.length);
    zero.append(this.header);
    this.lines.zero(zero, defaultLabels);
    this.empty = zero.content();
  }

  /**
   * Updates the text. Snapshots must come in ascending order of time.
   *
   * @param valuesBefore the values that the text shows now, by column
   */
  update(snapshot: Snapshot, valuesBefore: Float64Array): void {
    const { blocks, family, lines, seriesPerBlock } = this;
    const shown = { values: snapshot.values, valuesBefore, isThere: presenceIn(snapshot, family) };
    while (blocks.length * seriesPerBlock < family.series.count)
      blocks.push(new TextBlock(lines, blocks.length * seriesPerBlock, seriesPerBlock));
    for (const block of blocks) block.update(shown);
  }

  /** The text before the blocks, and the blocks that have text, of which there may be none. */
  get parts(): { head: Uint8Array; blocks: readonly TextBlock[] } {
    const blocks = this.blocks.filter(({ length }) => length > 0);
    return { head: blocks.length > 0 ? this.header : this.empty, blocks };
  }
}
