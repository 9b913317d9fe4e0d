import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { RingmeterError } from '../../common/errors';
import { type Answer, type Asked, answerFor } from './answer-for';
import { type ExpositionSource, Expositions } from './expositions';

/**
 * Answers requests for metrics at a port of your own, as `/metrics` of the endpoint does. The function itself takes node's
 * request and response, as express and connect pass them. No function throws or rejects, unless it is used with the
 * wrong framework.
 */
export interface MetricsHandler {
  (request: IncomingMessage | Http2ServerRequest, response: ServerResponse | Http2ServerResponse): Promise<void>;
  /** Takes a `Request` and returns a `Response`: for hono, Next.js, Bun, Deno. */
  fetch(request: Request): Promise<Response>;
  /** A route handler of fastify. */
  fastify(request: { readonly raw: Asked }, reply: FastifyReplyLike): Promise<Uint8Array>;
  /** A middleware of koa. */
  koa(context: KoaContextLike): Promise<void>;
  /** A route handler of hapi. */
  hapi<R extends HapiResponseLike>(request: HapiRequestLike, toolkit: HapiToolkitLike<R>): Promise<R>;
}

export interface FastifyReplyLike {
  getHeader(name: string): unknown;
  code(status: never): unknown;
  headers(headers: Record<string, string>): unknown;
}

export interface KoaContextLike {
  readonly req: Asked;
  readonly res: Pick<ServerResponse, 'getHeader'>;
  status: number;
  body: unknown;
  set(headers: Record<string, string>): void;
}

export interface HapiRequestLike {
  readonly raw: { readonly req: Asked };
}

export interface HapiResponseLike {
  code(status: number): unknown;
  header(name: string, value: string): unknown;
}

export interface HapiToolkitLike<R extends HapiResponseLike> {
  response(body: Uint8Array): R;
}

const WRONG_FRAMEWORK =
  "collector.handler() takes the request and response of node or express. Give fastify collector.handler().fastify, koa .koa, hapi .hapi, and call .fetch(request) with Web's Request, which is context.req.raw in hono";

export function createHandler(source: ExpositionSource): MetricsHandler {
  const expositions = new Expositions(source);
  const answer = (asked: Asked): Promise<Answer> => answerFor(asked, expositions);
  const handler = async (request: Asked, response: unknown): Promise<void> => {
    if (!isNodes(response)) throw new RingmeterError('RINGMETER_INVALID_OPTION', WRONG_FRAMEWORK);
    respond(response, request.method, await answer(request));
  };
  return Object.assign(handler, {
    async fetch(request: Request): Promise<Response> {
      const { method, url } = request;
      const { status, headers, body } = await answer({ method, url, headers: Object.fromEntries(request.headers) });
      return new Response(method === 'HEAD' ? null : (body as Uint8Array<ArrayBuffer>), { status, headers });
    },
    async fastify({ raw }: { readonly raw: Asked }, reply: FastifyReplyLike): Promise<Uint8Array> {
      const { status, headers, body } = await answer(raw);
      reply.code(status as never);
      reply.headers(besides(reply.getHeader('vary'), headers));
      return body;
    },
    async koa(context: KoaContextLike): Promise<void> {
      const { status, headers, body } = await answer(context.req);
      context.status = status;
      context.set(besides(context.res.getHeader('vary'), headers));
      context.body = body;
    },
    async hapi<R extends HapiResponseLike>({ raw }: HapiRequestLike, toolkit: HapiToolkitLike<R>): Promise<R> {
      const { status, headers, body } = await answer(raw.req);
      const response = toolkit.response(body);
      response.code(status);
      for (const [name, value] of Object.entries(headers)) response.header(name, value);
      return response;
    },
  });
}

/** Whether this is node's response: other frameworks pass something else as second argument, or nothing. */
function isNodes(response: unknown): response is ServerResponse {
  return typeof (response as Partial<ServerResponse> | undefined)?.writeHead === 'function';
}

function respond(response: ServerResponse, method: string | undefined, { status, headers, body }: Answer): void {
  // another middleware has answered meanwhile, or the client has disconnected
  if (response.headersSent || response.writableEnded || response.destroyed) return;
  try {
    response.writeHead(status, besides(response.getHeader('vary'), headers));
    response.end(method === 'HEAD' ? undefined : body);
  } catch {
    // another middleware's wrapper of the response threw: end the connection, so that the client does not wait
    response.destroy();
  }
}

/** Keeps the `Vary` fields of other middlewares, such as `Origin`. */
function besides(vary: unknown, headers: Answer['headers']): Answer['headers'] {
  if (vary === undefined || headers.Vary === undefined) return headers;
  return { ...headers, Vary: `${vary}, ${headers.Vary}` };
}
