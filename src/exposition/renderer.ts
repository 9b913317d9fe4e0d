// not the globals: some realms have none
import { TextEncoder } from 'node:util';
import type { Definition } from '../kinds/definition';
import { columnCount, sampleNames } from '../kinds/kinds';
import type { Family } from '../registry/family';
import type { Snapshot } from '../snapshot/snapshot';
import { FamilyText } from './family-text';
import type { TextFormat } from './format';
import { concat, LentText } from './lent-text';
import type { TextBlock } from './text-block';

/** A rendered snapshot. */
export interface Exposition {
  contentType: string;
  /** A `Buffer`, so that frameworks send it as it is. */
  body: Uint8Array<ArrayBuffer>;
}

/**
 * Renders snapshots in a text format, incrementally: it keeps the last text of every metric and updates it. Snapshots
 * must come in ascending order of time.
 */
export class TextRenderer {
  private readonly texts = new Map<Family, FamilyText>();
  /** The values that the texts show, by column: a snapshot's array, or a copy if texts show different snapshots. */
  private shown: Float64Array = new Float64Array(0);
  private isCopy = false;
  private readonly end: Uint8Array;

  /** @param defaultLabels for metrics without series; series have them already */
  constructor(
    readonly format: TextFormat,
    private readonly defaultLabels: Readonly<Record<string, string>> = {},
  ) {
    this.end = new TextEncoder().encode(format.end);
  }

  /** @param names if given, only metrics that have one of these names, or lines of that name, are rendered */
  render(snapshot: Snapshot, names?: readonly string[]): Uint8Array<ArrayBuffer> {
    const parts = this.updated(snapshot, names).flatMap(({ head, blocks }) => [head, ...blocks.map(bytesOf)]);
    return concat([...parts, this.end]);
  }

  /** Like `render`, but without a copy: lends the cached text, which the caller must give back. */
  lend(snapshot: Snapshot, names?: readonly string[]): LentText {
    const lent = new LentText();
    for (const { head, blocks } of this.updated(snapshot, names)) {
      lent.append(head);
      for (const block of blocks) lent.add(block);
    }
    lent.append(this.end);
    return lent.end();
  }

  private updated(snapshot: Snapshot, names?: readonly string[]): FamilyText['parts'][] {
    const wanted = names && new Set(names);
    const families = snapshot.families.filter(({ definition }) => wanted === undefined || isNamed(definition, wanted));
    try {
      const texts = families.map((family) => this.textOf(family));
      for (const text of texts) text.update(snapshot, this.shown);
      if (texts.length === this.texts.size) this.show(snapshot.values, false);
      else this.showOf(families, snapshot.values);
      return texts.map(({ parts }) => parts);
    } catch (error) {
      // out of memory: some texts are updated and others not, so drop the cache
      this.texts.clear();
      throw error;
    }
  }

  private show(values: Float64Array, isCopy: boolean): void {
    this.shown = values;
    this.isCopy = isCopy;
  }

  /** Notes that the texts of these families show the new values; the others keep the old ones. */
  private showOf(families: readonly Family[], values: Float64Array): void {
    if (!this.isCopy || this.shown.length < values.length) {
      const copy = new Float64Array(Math.max(values.length, this.shown.length));
      copy.set(this.shown);
      this.show(copy, true);
    }
    const { shown } = this;
    for (const { definition, series } of families) {
      const width = columnCount(definition);
      for (let index = 0; index < series.count; index++) {
        const first = series.columns[index];
        for (let column = first; column < first + width; column++) shown[column] = values[column];
      }
    }
  }

  private textOf(family: Family): FamilyText {
    let text = this.texts.get(family);
    if (text === undefined) {
      text = new FamilyText(family, this.format, Object.entries(this.defaultLabels));
      this.texts.set(family, text);
    }
    return text;
  }
}

const bytesOf = ({ content }: TextBlock): Uint8Array => content;

function isNamed(definition: Definition, names: ReadonlySet<string>): boolean {
  return names.has(definition.name) || sampleNames(definition).some((name) => names.has(name));
}
