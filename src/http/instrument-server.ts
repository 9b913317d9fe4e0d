import type { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { RingmeterError, shown } from '../errors';
import { type AnyRequest, type HttpMetricsOptions, resolveHttpOptions } from './options';
import { ServerMeter } from './server-meter';
import type { AnyResponse } from './watch-response';

/** A server of `node:http`, `node:https`, or `node:http2` with its compatibility API. */
export type AnyServer = EventEmitter;

/** Events that a server does something else about if nobody listens: we only listen while somebody else does. */
const FOLLOWED = ['checkContinue', 'checkExpectation', 'upgrade', 'connect'] as const;

/**
 * Records the requests of a server, those that a framework never sees included: upgrades, CONNECT, requests that it refuses.
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
  return listenTo(server, new ServerMeter(resolveHttpOptions(options)));
}

/** @returns a function that stops it */
export function listenTo(server: AnyServer, meter: ServerMeter): () => void {
  const observe = (request: AnyRequest, second: AnyResponse | Socket): void => {
    // CONNECT has a response in HTTP/2 only
    if ('statusCode' in second) meter.observe(request, second);
    else meter.observeHandover(request, second);
  };
  server.prependListener('request', observe);
  const stops = FOLLOWED.map((event) => follow(server, event, observe));
  return () => {
    server.removeListener('request', observe);
    for (const stop of stops) stop();
  };
}

type Listener = (request: AnyRequest, second: AnyResponse | Socket) => void;

/** Listens to an event, first of all, for as long as somebody else listens to it. */
function follow(server: AnyServer, event: string, listener: Listener): () => void {
  const listens = (): boolean => server.listeners(event).includes(listener);
  const added = (name: string | symbol, other: unknown): void => {
    if (name === event && other !== listener && !listens()) server.prependListener(event, listener);
  };
  const removed = (name: string | symbol): void => {
    if (name === event && server.listenerCount(event) === 1 && listens()) server.removeListener(event, listener);
  };
  if (server.listenerCount(event) > 0) server.prependListener(event, listener);
  server.on('newListener', added).on('removeListener', removed);
  return () => {
    server.removeListener('newListener', added);
    server.removeListener('removeListener', removed);
    server.removeListener(event, listener);
  };
}
