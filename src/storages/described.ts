import { RingmeterError } from '../common/errors';
import { showsOnly } from '../common/inspection';
import { ownProperties } from '../common/own-properties';
import type { ResolvedQuery, SeriesQuery, Storage, StorageDescription, TimeSeries } from '../delivery/types';
import { resolveQuery } from './query';

/** The user's half of every storage: a description for the workers, and a function that sends queries to a worker. */
export class DescribedStorage implements Storage {
  private ask: ((query: ResolvedQuery) => Promise<TimeSeries[]>) | undefined;

  readonly description: StorageDescription;

  constructor(description: StorageDescription) {
    this.description = ownProperties(description);
  }

  bind(ask: (query: ResolvedQuery) => Promise<TimeSeries[]>): void {
    if (this.ask !== undefined)
      throw new RingmeterError(
        'RINGMETER_INVALID_OPTION',
        'this storage belongs to a collector already: make another one',
      );
    this.ask = ask;
  }

  /**
   * The history of every line that matches, read in a flush worker.
   *
   * @throws RingmeterError RINGMETER_INVALID_QUERY, also if this kind of storage cannot be read back; RINGMETER_CLOSED
   *   without a collector, or when it is closed
   */
  async query(query: SeriesQuery): Promise<TimeSeries[]> {
    return this.answer(resolveQuery(query));
  }

  protected async answer(query: ResolvedQuery): Promise<TimeSeries[]> {
    if (this.ask === undefined)
      throw new RingmeterError(
        'RINGMETER_CLOSED',
        'this storage does not belong to a collector yet: pass it in the option storage of one',
      );
    return this.ask(query);
  }
}

// hides the options: they contain shared memory and passwords
showsOnly(DescribedStorage, ({ description: { kind, delivery } }) => ({ kind, name: delivery.name }));
