import type { OutgoingHttpHeaders } from 'node:http';
import { JSON_TYPE } from '../common/media-type';
import { send, sendText } from '../endpoint/answer';
import { Body } from '../endpoint/bodies';
import type { Exchange } from '../endpoint/exchange';
import type { InFlight } from '../endpoint/in-flight';
import { headersOf, pageOf } from '../endpoint/page';
import type { RouteTable } from '../endpoint/route';
import type { Assets } from './assets';
import { SECURITY_HEADERS } from './headers';
import type { Reporter } from './reporter';
import type { DashboardStream } from './stream';

/** The source of the answers; each is made at its first request. */
export interface DashboardPlace {
  readonly reporter: Reporter;
  readonly stream: DashboardStream;
  json(): Promise<Uint8Array<ArrayBuffer>>;
  /** The charts' data of the last minutes. */
  history(minutes: number): Promise<Uint8Array<ArrayBuffer>>;
}

const GET = ['GET'] as const;
const FOR_EVER = { 'Cache-Control': 'public, max-age=31536000, immutable' };
const FRESH = { 'Cache-Control': 'no-cache' };
const UNKEPT = { 'Cache-Control': 'no-store' };

/** Most minutes of history that a request may ask for. */
const MOST_MINUTES = 60;
const DEFAULT_MINUTES = 15;

/** The routes of the page, its assets and its data. */
export function dashboardRoutes(place: DashboardPlace, inFlight: InFlight): RouteTable {
  let assets: Assets | undefined;
  const files = (): Assets => {
    const { Assets } = require('./assets') as typeof import('./assets');
    assets ??= new Assets();
    return assets;
  };
  const answer = (exchange: Exchange, body: Body, headers: OutgoingHttpHeaders) =>
    sendBody(exchange, body, headers, inFlight);
  const answerJson = (exchange: Exchange, body: Uint8Array<ArrayBuffer>) =>
    answer(exchange, new Body({ contentType: JSON_TYPE, body }), UNKEPT);
  return {
    '/': {
      methods: GET,
      isLinkable: true,
      serve: (exchange) => {
        const { page, version } = files();
        return sendTagged(exchange, page, `"${version}"`, inFlight);
      },
    },
    '/dashboard/assets/:version/:file': {
      methods: GET,
      serve: (exchange, { parts }) => {
        const body = files().find(parts.version, parts.file);
        return body === undefined ? sendText(exchange, 404, 'Not found\n') : answer(exchange, body, FOR_EVER);
      },
    },
    '/dashboard.json': { methods: GET, serve: async (exchange) => answerJson(exchange, await place.json()) },
    '/dashboard/schema.json': {
      methods: GET,
      serve: (exchange) => answerJson(exchange, new TextEncoder().encode(texts().schemaText)),
    },
    '/dashboard/history': {
      methods: GET,
      serve: async (exchange, { url }) => {
        const minutes = minutesOf(url);
        if (minutes === undefined)
          return sendText(exchange, 400, `minutes must be a whole number from 1 to ${MOST_MINUTES}\n`);
        return answerJson(exchange, await place.history(minutes));
      },
    },
    '/dashboard/stream': { methods: GET, serve: (exchange) => place.stream.add(exchange) },
  };
}

function texts(): typeof import('./texts') {
  return require('./texts') as typeof import('./texts');
}

function minutesOf({ searchParams }: URL): number | undefined {
  const minutes = Number(searchParams.get('minutes') ?? DEFAULT_MINUTES);
  return Number.isInteger(minutes) && minutes >= 1 && minutes <= MOST_MINUTES ? minutes : undefined;
}

/** Sends a body with an ETag; 304 without a body if the client has it already. */
function sendTagged(exchange: Exchange, body: Body, tag: string, inFlight: InFlight): void | Promise<void> {
  const headers = { ...FRESH, ETag: tag };
  if (exchange.request.headers['if-none-match'] !== tag) return sendBody(exchange, body, headers, inFlight);
  exchange.response.writeHead(304, { ...SECURITY_HEADERS, ...headers }).end();
}

async function sendBody(
  exchange: Exchange,
  body: Body,
  headers: OutgoingHttpHeaders,
  inFlight: InFlight,
): Promise<void> {
  while (!exchange.over && !inFlight.hold(exchange, body.bytes)) await inFlight.room(exchange);
  const page = await pageOf(exchange, body, inFlight);
  send(exchange, 200, { ...SECURITY_HEADERS, ...headers, ...headersOf(page) }, page.bytes);
}
