import type { TextBlock } from './text-block';

/** Smaller blocks are copied: a write of many small parts costs more than copying them. */
const SMALL_BYTES = 2 ** 14;

/** A text in parts, some of which are on loan: their owner does not modify them until they are given back. */
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

  /** Collects bytes, which are copied when the next block or the end follows. */
  append(bytes: Uint8Array): void {
    this.small.push(bytes);
    this.length += bytes.length;
  }

  /** Completes the text. */
  end(): this {
    this.join();
    return this;
  }

  /** Ends the loan: the parts must not be used afterwards. */
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
