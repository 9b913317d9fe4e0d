import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { partsOf } from '../bodies';
import { inTime } from '../deadline';
import { headersOf, takesGzip } from '../page';
import { methodRefusal, type Refusal, refusalFor } from '../refusal';
import type { Expositions } from './expositions';

/** The parts of a request that are read, whichever server has received it. */
export type Asked = Pick<IncomingMessage, 'method' | 'url' | 'headers'>;

/** A complete answer. The answer to HEAD has the body of GET: the adapters, or the frameworks, leave it out. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: Uint8Array;
}

/** Answers a request as `/metrics` of the endpoint does. Never rejects. */
export async function answerFor(asked: Asked, expositions: Expositions): Promise<Answer> {
  try {
    const refusal = methodRefusal(['GET'], asked.method);
    if (refusal !== undefined) return textAnswer(refusal);
    return await inTime(asked, performance.now(), pageFor(asked, expositions));
  } catch (error) {
    return textAnswer(refusalFor(error));
  }
}

async function pageFor(asked: Asked, expositions: Expositions): Promise<Answer> {
  const body = await expositions.of(namesIn(asked));
  const { contentType } = body;
  if (!takesGzip(asked)) return answer(200, headersOf({ contentType }), partsOf(body.bytes)[0]);
  return answer(200, headersOf({ contentType, encoding: 'gzip' }), await body.gzip());
}

function textAnswer({ status, text, headers }: Refusal): Answer {
  return answer(status, { 'Content-Type': 'text/plain; charset=utf-8', ...headers }, Buffer.from(text));
}

function answer(status: number, headers: OutgoingHttpHeaders, body: Uint8Array): Answer {
  const all = { ...headers, 'Content-Length': String(body.length), 'X-Content-Type-Options': 'nosniff' };
  return { status, headers: all as Answer['headers'], body };
}

/** The metrics that a request selects. `URLSearchParams` reads any text. */
function namesIn({ url = '' }: Asked): string[] {
  const query = /\?[^#]*/.exec(url)?.[0];
  return new URLSearchParams(query).getAll('name[]');
}
