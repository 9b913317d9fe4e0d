import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Snapshot } from '../snapshot/snapshot';
import { Busy } from './busy';
import { MOST_SELECTIONS } from './limits';

const compress = promisify(gzip);

/** Metric text shrinks twentyfold at the fastest level already, and the threads that compress belong to the process. */
const LEVEL = 1;

/** Bytes in parts that somebody else would like to change: given back when no answer needs them any more. */
export interface Parts {
  readonly length: number;
  readonly parts: readonly Uint8Array[];
  giveBack(): void;
}

/** What an answer is sent from. Never changed while it is. */
export type Bytes = Uint8Array | Parts;

export function partsOf(bytes: Bytes): readonly Uint8Array[] {
  return 'parts' in bytes ? bytes.parts : [bytes];
}

/** A rendered text. */
interface Rendered<B extends Bytes = Bytes> {
  contentType: string;
  body: B;
}

/** Has to be called with snapshots in the order of their times. */
export type Render = (snapshot: Snapshot, names: readonly string[] | undefined) => Rendered<Parts>;

/** A text that any number of answers are sent from. */
export class Body {
  readonly contentType: string;
  readonly bytes: Bytes;
  private zipped: Promise<Uint8Array> | undefined;

  constructor({ contentType, body }: Rendered) {
    this.contentType = contentType;
    this.bytes = body;
  }

  gzip(): Promise<Uint8Array> {
    const parts = partsOf(this.bytes);
    this.zipped ??= compress(parts.length === 1 ? parts[0] : Buffer.concat(parts), { level: LEVEL });
    return this.zipped;
  }
}

/** The same for all requests that ask for the same metrics. */
export function selectionKey(names: readonly string[]): string {
  return JSON.stringify([...new Set(names)].sort());
}

/** Called before another selection is made. @throws Busy if there are too many already */
export function checkRoom(selections: number): void {
  if (selections >= MOST_SELECTIONS) throw new Busy('too many different selections of metrics are asked for at once');
}

/** The bodies that have been rendered from snapshots: once for all requests that ask the same of the same snapshot. */
export class Bodies {
  /** Kept as long as somebody is answered from them. */
  private readonly rendered = new WeakMap<Snapshot, Map<string, Body>>();

  constructor(private readonly render: Render) {}

  /** @param names empty = all metrics. @throws Busy if too many others want something else of this snapshot */
  of(snapshot: Snapshot, names: readonly string[]): Body {
    const bodies = this.rendered.get(snapshot) ?? new Map<string, Body>();
    this.rendered.set(snapshot, bodies);
    const key = selectionKey(names);
    let body = bodies.get(key);
    if (body !== undefined) return body;
    checkRoom(bodies.size);
    const { contentType, body: rendered } = this.render(snapshot, names.length > 0 ? names : undefined);
    const { length, parts } = rendered;
    const giveBack = (): void => {
      bodies.delete(key);
      rendered.giveBack();
    };
    body = new Body({ contentType, body: { length, parts, giveBack } });
    bodies.set(key, body);
    return body;
  }
}
