import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Snapshot } from '../aggregate/snapshot';
import type { Exposition } from '../exposition/prometheus';
import { Busy } from './busy';
import { MOST_SELECTIONS } from './limits';

const compress = promisify(gzip);

/** Metric text shrinks twentyfold at the fastest level already, and the threads that compress belong to the process. */
const LEVEL = 1;

/** Has to be called with snapshots in the order of their times. Nobody else may have the bytes. */
export type Render = (snapshot: Snapshot, names: readonly string[] | undefined) => Exposition;

/** A text that any number of answers are sent from: its bytes are never changed. */
export class Body {
  readonly contentType: string;
  readonly bytes: Uint8Array;
  private zipped: Promise<Uint8Array> | undefined;

  constructor({ contentType, body }: Exposition) {
    this.contentType = contentType;
    this.bytes = body;
  }

  gzip(): Promise<Uint8Array> {
    this.zipped ??= compress(this.bytes, { level: LEVEL });
    return this.zipped;
  }
}

/** The bodies that have been rendered from snapshots: once for all requests that ask the same of the same snapshot. */
export class Bodies {
  /** Kept as long as somebody has the snapshot, which are the requests that are being answered. */
  private readonly rendered = new WeakMap<Snapshot, Map<string, Body>>();

  constructor(private readonly render: Render) {}

  /** @param names empty = all metrics. @throws Busy if too many others want something else of this snapshot */
  of(snapshot: Snapshot, names: readonly string[]): Body {
    const bodies = this.rendered.get(snapshot) ?? new Map<string, Body>();
    this.rendered.set(snapshot, bodies);
    const key = JSON.stringify([...new Set(names)].sort());
    let body = bodies.get(key);
    if (body !== undefined) return body;
    if (bodies.size >= MOST_SELECTIONS)
      throw new Busy('too many different selections of metrics are asked for at once');
    body = new Body(this.render(snapshot, names.length > 0 ? names : undefined));
    bodies.set(key, body);
    return body;
  }
}
