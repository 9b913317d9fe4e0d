import type { Family } from '../aggregate/catalog';
import type { Definition } from '../aggregate/definition';
import { sampleNames } from '../aggregate/samples';
import type { Snapshot } from '../aggregate/snapshot';
import { FamilyText } from './family-text';
import { TextBuffer } from './text-buffer';

/** Prometheus text format. Source: Prometheus documentation, "Exposition formats", text-based format 0.0.4. */
export const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** A rendered snapshot. */
export interface Exposition {
  contentType: string;
  body: Uint8Array<ArrayBuffer>;
}

/** Room beyond the last text: for numbers that get longer, and some new series. */
const ROOM = 4_096;

/** Renders snapshots, in the order of their times. It keeps every metric's last text, from which the next one is made. */
export class PrometheusRenderer {
  private readonly texts = new Map<Family, FamilyText>();

  /** @param defaultLabels what a metric that has no series yet shows; series have them already */
  constructor(private readonly defaultLabels: Readonly<Record<string, string>> = {}) {}

  /** @param names if given, only metrics that have one of these names, or lines of that name, are rendered */
  render(snapshot: Snapshot, names?: readonly string[]): Uint8Array<ArrayBuffer> {
    const wanted = names && new Set(names);
    const texts = snapshot.families
      .filter(({ definition }) => wanted === undefined || isNamed(definition, wanted))
      .map((family) => this.textOf(family));
    const expected = texts.reduce((sum, { length }) => sum + length, 0);
    const out = new TextBuffer(expected + (expected >> 5) + ROOM);
    for (const text of texts) text.render(out, snapshot);
    return out.content();
  }

  private textOf(family: Family): FamilyText {
    let text = this.texts.get(family);
    if (text === undefined) {
      text = new FamilyText(family, Object.entries(this.defaultLabels));
      this.texts.set(family, text);
    }
    return text;
  }
}

function isNamed(definition: Definition, names: ReadonlySet<string>): boolean {
  return names.has(definition.name) || sampleNames(definition).some((name) => names.has(name));
}
