import type { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { RingmeterError, shown } from '../common/errors';
import { openServerMeter } from './open-server-meter';
import type { AnyRequest, HttpMetricsOptions } from './options';
import type { ServerMeter } from './server-meter';
import type { AnyResponse } from './watch-response';

/** A server of `node:http`, `node:https`, or `node:http2` with its compatibility API. */
export type AnyServer = EventEmitter;

/** Without listeners, a server has default behaviour for these events: so we listen only while other code does. */
const FOLLOWED = new Set(['request', 'checkContinue', 'checkExpectation', 'upgrade', 'connect']);

/** Our own listeners, which do not count as other code's. */
const ours = new WeakSet<object>();

/**
 * Records the requests of a server, including those that a framework never sees: upgrades, CONNECT, refused requests.
 *
 * @returns a function that stops it; requests that have begun are still recorded
 * @throws RingmeterError RINGMETER_INVALID_OPTION and the codes of bad names, labels and buckets
 */
export function instrumentServer<Request = IncomingMessage>(
  server: AnyServer,
  options?: HttpMetricsOptions<Request>,
): () => void {
  if (typeof server?.prependListener !== 'function')
    throw new RingmeterError('RINGMETER_INVALID_OPTION', `server must be a server of node:http, got ${shown(server)}`);
  return listenTo(server, openServerMeter(options));
}

type Listener = (request: AnyRequest, second: AnyResponse | Socket) => void;

/** @returns a function that stops it */
export function listenTo(server: AnyServer, meter: ServerMeter): () => void {
  const observe: Listener = (request, second) => {
    // CONNECT has a response in HTTP/2 only
    if ('statusCode' in second) meter.observe(request, second);
    else meter.observeHandover(request, second);
  };
  ours.add(observe);
  return follow(server, observe);
}

/** Listens to the followed events, ahead of all other listeners, as long as there are any. */
function follow(server: AnyServer, listener: Listener): () => void {
  const listens = (event: string): boolean => server.listeners(event).includes(listener);
  const others = (event: string): boolean => server.listeners(event).some((other) => !ours.has(other));
  const added = (event: string, other: object): void => {
    if (FOLLOWED.has(event) && !ours.has(other) && !listens(event)) server.prependListener(event, listener);
  };
  const leave = (event: string): void => {
    if (!others(event)) server.removeListener(event, listener);
  };
  const removed = (event: string, other: object): void => {
    // deferred: `removeAllListeners` may be iterating over them
    if (FOLLOWED.has(event) && !ours.has(other)) queueMicrotask(() => leave(event));
  };
  for (const event of FOLLOWED) if (others(event)) server.prependListener(event, listener);
  server.on('newListener', added).on('removeListener', removed);
  return () => {
    server.removeListener('newListener', added);
    server.removeListener('removeListener', removed);
    for (const event of FOLLOWED) server.removeListener(event, listener);
  };
}
