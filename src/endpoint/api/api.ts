// not the globals: some realms have none, or replace node's timers
import { clearTimeout, setTimeout } from 'node:timers';
import { eitherSignal } from '../../common/either-signal';
import { JSON_TYPE } from '../../common/media-type';
import { Slots } from '../../query/slots';
import { Body } from '../bodies';
import { Busy } from '../busy';
import type { Exchange } from '../exchange';
import { readForm } from '../form';
import type { InFlight } from '../in-flight';
import { API_AT_ONCE, API_MAX_WAIT_MS, API_WAITING } from '../limits';
import { pageOf, sendPage } from '../page';
import type { Route, Target } from '../route';
import { failureBytes, successBytes } from './envelope';
import { failureOf } from './failure';
import { Parameters } from './parameters';

/** The answer to a request: JSON in pieces, between which the event loop can turn. */
export interface ApiAnswer {
  data: Iterable<string>;
  warnings?: readonly string[];
}

export interface ApiCall {
  parameters: Parameters;
  parts: Target['parts'];
  /** Aborted when the client has gone. */
  signal: AbortSignal;
}

export type Handler = (call: ApiCall) => ApiAnswer | Promise<ApiAnswer>;

/**
 * Answers as Prometheus' HTTP API does. One per thread. Bounds the number of answers that are made concurrently, since
 * the memory of an answer is accounted for only when it is complete.
 */
export class Api {
  private readonly slots = new Slots(API_AT_ONCE, API_WAITING);

  constructor(private readonly inFlight: InFlight) {}

  /** Wraps a handler to serve its answer. */
  by(handler: Handler): Route['serve'] {
    return (exchange, target) => this.serve(exchange, target, handler);
  }

  private async serve(exchange: Exchange, { url, parts }: Target, handler: Handler): Promise<void> {
    try {
      const parameters = new Parameters(await readForm(exchange, url));
      const body = await this.inTurn(exchange, () => this.make(exchange, { parameters, parts }, handler));
      sendPage(exchange, 200, await pageOf(exchange, body, this.inFlight));
    } catch (error) {
      const failure = failureOf(error);
      sendPage(exchange, failure.status, { contentType: JSON_TYPE, bytes: failureBytes(failure) });
    }
  }

  private async inTurn<T>({ signal }: Exchange, make: () => Promise<T>): Promise<T> {
    const waitLimit = new AbortController();
    const timer = setTimeout(
      () => waitLimit.abort(new Busy('too many API requests are being answered')),
      API_MAX_WAIT_MS,
    ).unref();
    const either = eitherSignal([signal, waitLimit.signal]);
    await this.slots.enter(either.signal).finally(() => {
      clearTimeout(timer);
      either.release();
    });
    try {
      return await make();
    } finally {
      this.slots.leave();
    }
  }

  private async make(exchange: Exchange, call: Omit<ApiCall, 'signal'>, handler: Handler): Promise<Body> {
    await this.inFlight.room({ began: performance.now() });
    const { signal } = exchange;
    const { data, warnings = [] } = await handler({ ...call, signal });
    const body = new Body({ contentType: JSON_TYPE, body: await successBytes(data, warnings, signal) });
    const made = { began: performance.now() };
    while (!exchange.over && !this.inFlight.hold(exchange, body.bytes)) await this.inFlight.room(made);
    return body;
  }
}
