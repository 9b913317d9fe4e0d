import type { Exposition } from '../../exposition/renderer';
import { Body, checkRoom, selectionKey } from '../bodies';

/** Where the answers of a handler come from. */
export interface ExpositionSource {
  /** Told of every request. */
  asked(): void;
  /** Has a flush worker render what was recorded before the call. */
  render(names: readonly string[] | undefined): Promise<Exposition>;
}

/**
 * What the requests of a handler are answered with. One exposition is rendered at a time; requests that ask for the same
 * metrics before theirs is begun share it. So a crowd of requests takes no more of the worker than a few scrapers do.
 */
export class Expositions {
  /** Those that were asked for and are not begun. */
  private readonly waiting = new Map<string, Promise<Body>>();
  /** Fulfilled when everything that was asked for is rendered, or has failed. */
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
