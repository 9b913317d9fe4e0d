import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Snapshot } from '../snapshot/snapshot';
import { Busy } from './busy';
import { MOST_SELECTIONS } from './limits';

const compress = promisify(gzip);

/** The fastest level already shrinks metric text twentyfold, and compression uses threads of the user's process. */
const LEVEL = 1;

/** Bytes in parts that are on loan from a renderer: given back when no answer needs them any more. */
export interface Parts {
  readonly length: number;
  readonly parts: readonly Uint8Array[];
  giveBack(): void;
}

/** The bytes of an answer, immutable while they are being sent. */
export type Bytes = Uint8Array | Parts;

export function partsOf(bytes: Bytes): readonly Uint8Array[] {
  return 'parts' in bytes ? bytes.parts : [bytes];
}

/** A rendered text. */
interface Rendered<B extends Bytes = Bytes> {
  contentType: string;
  body: B;
}

/** Must be called with snapshots in ascending order of time. */
export type Render = (snapshot: Snapshot, names: readonly string[] | undefined) => Rendered<Parts>;

/** A rendered text that any number of answers share. */
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

/** A key that is equal for requests of the same metrics. */
export function selectionKey(names: readonly string[]): string {
  return JSON.stringify([...new Set(names)].sort());
}

/** Call before adding a selection. @throws Busy if there are too many already */
export function checkRoom(selections: number): void {
  if (selections >= MOST_SELECTIONS)
    throw new Busy('too many different selections of metrics are requested at the same time');
}

/** Caches rendered bodies: each selection is rendered once per snapshot for all requests that share the snapshot. */
export class Bodies {
  /** Weak: a snapshot's bodies live as long as an answer uses the snapshot. */
  private readonly rendered = new WeakMap<Snapshot, Map<string, Body>>();

  constructor(private readonly render: Render) {}

  /** @param names empty = all metrics. @throws Busy if this snapshot has too many different selections already */
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
