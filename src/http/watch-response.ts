import type { ServerResponse } from 'node:http';
import type { Http2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { exchangeOn } from './exchange';
import type { AnyRequest } from './options';

/** Property of a response: its request; an HTTP/2 response no longer has it when it ends. */
const REQUEST = Symbol('ringmeter.request');
/** Property of a connection: bytes sent before the present response. */
const SENT = Symbol('ringmeter.sent');
/** Property of a connection: its unanswered requests. */
const OPEN = Symbol('ringmeter.open');

/** Property of a response: bytes of informational (1xx) responses written before it. */
const INFORMED = Symbol('ringmeter.informed');

type Connection = Socket & { [SENT]?: number; [OPEN]?: Set<AnyRequest> };

/** A response of node's HTTP/1 server, or of the compatibility API of its HTTP/2 server, which has a stream. */
export type AnyResponse = ServerResponse & { readonly stream?: Http2Stream };
type Response = AnyResponse & {
  [REQUEST]?: AnyRequest;
  [INFORMED]?: number;
  readonly _header?: string | null;
  /** Bytes buffered until the response gets the connection. */
  readonly outputSize?: number;
};

/** Statuses whose responses have no body. */
const BODILESS = new Set([204, 205, 304]);

/** Methods that write informational responses: 100, 102 and 103. */
const INFORMS = ['writeContinue', 'writeProcessing', 'writeEarlyHints'] as const;

/** Whether the response has ended. Node finishes the stream of an HTTP/2 response to HEAD before it emits 'finish'. */
export function isOver({ writableEnded, writableFinished, destroyed, stream }: AnyResponse): boolean {
  return (writableEnded && writableFinished) || destroyed || stream?.destroyed === true;
}

/** Reports the end of the response to the request's observer. Call it once for each request. */
export function watchResponse(request: AnyRequest, response: Response): void {
  response[REQUEST] = request;
  // ahead of node's own listener, which gives the connection to the next response
  response.prependListener('finish', finished);
  response.once('close', closed);
  const connection = request.socket as Connection | undefined;
  // mocks of requests have no connection
  if (response.stream !== undefined || connection === undefined) return;
  endWith(connection, request);
  if (response.socket !== null) connection[SENT] = connection.bytesWritten;
  // node may already have written a 100 into a response that waits for the connection
  response[INFORMED] = response.headersSent ? 0 : response.outputSize;
  Object.assign(response, informing);
}

/** Methods of a response that also count what they write. Shared by all responses. */
const informing = Object.fromEntries(
  INFORMS.map((name) => [
    name,
    function (this: Response, ...args: never[]): unknown {
      const connection = this[REQUEST]?.socket;
      const written = (): number => (connection?.bytesWritten ?? 0) + (this.outputSize ?? 0);
      const before = written();
      const result = Reflect.apply(Object.getPrototypeOf(this)[name], this, args);
      this[INFORMED] = (this[INFORMED] ?? 0) + written() - before;
      return result;
    },
  ]),
);

/** One function for all responses, to save a closure for each. */
function finished(this: Response): void {
  const request = this[REQUEST]!;
  forget(request);
  const exchange = exchangeOn(request);
  const { stream } = this;
  if (stream === undefined) {
    const bytes = bytesSent(request, this);
    // up to Node 22 a response also finishes when its connection ended before all of it was sent
    if (request.socket?.destroyed === true) exchange?.aborted();
    else exchange?.answered(statusSent(this), bytes);
    // an HTTP/2 response also finishes when its stream was reset
  } else if (stream.aborted || stream.rstCode !== 0) exchange?.aborted();
  else exchange?.answered(statusSent(this), lengthSaid(request, this));
}

/** The status in the sent head: `statusCode` may have been changed afterwards. */
function statusSent({ stream, statusCode, _header: head }: Response): number {
  const sent = stream === undefined ? head?.slice(9, 12) : stream.sentHeaders?.[':status'];
  return Number(sent) || statusCode;
}

function closed(this: Response): void {
  forget(this[REQUEST]!);
  exchangeOn(this[REQUEST]!)?.aborted();
}

function forget(request: AnyRequest): void {
  (request.socket as Connection | undefined)?.[OPEN]?.delete(request);
}

/** Bytes of the body written to the connection, including chunked framing. */
function bytesSent(request: AnyRequest, { _header: head, [INFORMED]: informed = 0 }: Response): number {
  const connection = request.socket as Connection | undefined;
  const before = connection?.[SENT];
  if (connection === undefined || before === undefined || typeof head !== 'string') return Number.NaN;
  connection[SENT] = connection.bytesWritten;
  return connection.bytesWritten - before - informed - head.length;
}

/** The length in the response's head, used where concurrent responses share a connection (HTTP/2). */
function lengthSaid({ method }: AnyRequest, response: Response): number {
  // these have no body, whatever length the head says
  if (method === 'HEAD' || BODILESS.has(statusSent(response))) return 0;
  return Number(response.getHeader('content-length') ?? Number.NaN);
}

/** Reports the connection's end: node does not tell responses that wait for it or were detached from it. */
function endWith(connection: Connection, request: AnyRequest): void {
  connection[OPEN] ??= watchConnection(connection);
  connection[OPEN].add(request);
}

function watchConnection(connection: Connection): Set<AnyRequest> {
  const open = new Set<AnyRequest>();
  connection.once('close', () => {
    for (const request of open) exchangeOn(request)?.aborted();
  });
  return open;
}
