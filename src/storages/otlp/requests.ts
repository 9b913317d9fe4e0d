import { columnCount } from '../../kinds/kinds';
import type { Family } from '../../registry/family';
import { presenceIn, type Snapshot } from '../../snapshot/snapshot';
import type { Encoder, Temporality } from './encoder';
import type { Ledger } from './ledger';
import { type PointCursor, temporalityOf } from './points';

/** One request: a part of a snapshot with at most `maxSeriesPerRequest` series. */
export class OtlpRequest {
  /** Place, first column and width of each series. */
  private readonly series: number[] = [];
  private family: Family | undefined;

  constructor(
    private readonly encoder: Encoder,
    private readonly temporality: Temporality,
  ) {}

  get size(): number {
    return this.series.length / 3;
  }

  add(points: PointCursor, width: number): void {
    const { family, index } = points;
    if (this.family !== family)
      this.encoder.metric(family.definition, temporalityOf(family.definition, this.temporality));
    this.family = family;
    this.encoder.point(points);
    this.series.push(family.series.births[index], family.series.columns[index], width);
  }

  body(): Uint8Array {
    return this.encoder.finish();
  }

  /** To be called when the receiver has accepted the request. */
  enter(ledger: Ledger, snapshot: Snapshot): void {
    const { series } = this;
    for (let at = 0; at < series.length; at += 3) ledger.took(snapshot, series[at], series[at + 1], series[at + 2]);
  }
}

export interface RequestsOptions {
  ledger: Ledger;
  temporality: Temporality;
  most: number;
  encoder: () => Encoder;
}

/**
 * The part of a snapshot that is still to be sent, as a lazy sequence of requests.
 *
 * @param previous the snapshot that was delivered before: series that only it has are told to have ended
 */
export function* requestsOf(
  snapshot: Snapshot,
  previous: Snapshot | undefined,
  points: PointCursor,
  { ledger, temporality, most, encoder }: RequestsOptions,
): Generator<OtlpRequest> {
  let request = new OtlpRequest(encoder(), temporality);
  for (const family of snapshot.families) {
    const { births, columns, count } = family.series;
    const isThere = presenceIn(snapshot, family);
    const wasThere = previous ? presenceIn(previous, family) : () => false;
    const width = columnCount(family.definition);
    for (let index = 0; index < count; index++) {
      const [birth, column] = [births[index], columns[index]];
      const hasPoint = isThere(index)
        ? points.read(family, index)
        : wasThere(index) && birth < snapshot.births && points.end(family, index);
      if (!hasPoint || column + width > snapshot.values.length) continue;
      if (ledger.has(snapshot, birth, column, width)) continue;
      request.add(points, width);
      if (request.size < most) continue;
      yield request;
      request = new OtlpRequest(encoder(), temporality);
    }
  }
  if (request.size > 0) yield request;
}
