import type { Exposition } from '../../exposition/renderer';
import { Body, checkRoom, selectionKey } from '../bodies';

/** The source of a handler's answers. */
export interface ExpositionSource {
  /** Called at every request. */
  asked(): void;
  /** Has a flush worker render what was recorded before the call. */
  render(names: readonly string[] | undefined): Promise<Exposition>;
}

/**
 * Renders expositions for a handler, one at a time. Requests for the same metrics that arrive before their exposition
 * is begun share it. So many simultaneous requests load the worker no more than a few scrapers do.
 */
export class Expositions {
  /** Requested expositions that have not been begun. */
  private readonly waiting = new Map<string, Promise<Body>>();
  /** Resolves when all requested expositions have been rendered or have failed. */
  private idle: Promise<unknown> = Promise.resolve();

  constructor(private readonly source: ExpositionSource) {}

  /** @param names empty = all metrics. @throws Busy if too many different selections are waiting */
  of(names: readonly string[]): Promise<Body> {
    this.source.asked();
    const key = selectionKey(names);
    const shared = this.waiting.get(key);
    if (shared !== undefined) return shared;
    checkRoom(this.waiting.size);
    const body = this.idle.then(async () => {
      this.waiting.delete(key);
      return new Body(await this.source.render(names.length > 0 ? names : undefined));
    });
    this.waiting.set(key, body);
    this.idle = body.catch(() => {});
    return body;
  }
}
