import type { TextBlock } from './text-block';

/** A block that is smaller is copied: one write of many parts costs more than their bytes. */
const SMALL_BYTES = 2 ** 14;

/** A text in parts, some of which are lent: they stay as they are until all is given back. */
export class LentText {
  readonly parts: Uint8Array[] = [];
  length = 0;
  private small: Uint8Array[] = [];
  private readonly loans: (() => void)[] = [];

  add(block: TextBlock): void {
    if (block.length < SMALL_BYTES) {
      this.append(block.content);
      return;
    }
    this.join();
    this.loans.push(block.lend());
    this.parts.push(block.content);
    this.length += block.length;
  }

  /** Appends bytes that are copied before the block, or the end, that comes next. */
  append(bytes: Uint8Array): void {
    this.small.push(bytes);
    this.length += bytes.length;
  }

  /** Nothing comes after this. */
  end(): this {
    this.join();
    return this;
  }

  /** The parts must not be used any more. */
  giveBack(): void {
    for (const end of this.loans.splice(0)) end();
  }

  private join(): void {
    const { small } = this;
    this.small = [];
    if (small.length > 0) this.parts.push(concat(small));
  }
}

/** All parts in an array of their own. */
export function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
