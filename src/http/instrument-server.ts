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
const FOLLOWED = new Set(['checkContinue', 'checkExpectation', 'upgrade', 'connect']);

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

type Listener = (request: AnyRequest, second: AnyResponse | Socket) => void;

/** @returns a function that stops it */
export function listenTo(server: AnyServer, meter: ServerMeter): () => void {
  const observe: Listener = (request, second) => {
    // CONNECT has a response in HTTP/2 only
    if ('statusCode' in second) meter.observe(request, second);
    else meter.observeHandover(request, second);
  };
  server.prependListener('request', observe);
  const stopFollowing = follow(server, observe);
  return () => {
    server.removeListener('request', observe);
    stopFollowing();
  };
}

/** Listens to the followed events, first of all, for as long as somebody else listens to them. */
function follow(server: AnyServer, listener: Listener): () => void {
  const listens = (event: string): boolean => server.listeners(event).includes(listener);
  const added = (event: string, other: unknown): void => {
    if (FOLLOWED.has(event) && other !== listener && !listens(event)) server.prependListener(event, listener);
  };
  const removed = (event: string): void => {
    if (FOLLOWED.has(event) && server.listenerCount(event) === 1) server.removeListener(event, listener);
  };
  for (const event of FOLLOWED) if (server.listenerCount(event) > 0) server.prependListener(event, listener);
  server.on('newListener', added).on('removeListener', removed);
  return () => {
    server.removeListener('newListener', added);
    server.removeListener('removeListener', removed);
    for (const event of FOLLOWED) server.removeListener(event, listener);
  };
}
