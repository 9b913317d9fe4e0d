import type { IncomingMessage } from 'node:http';
import type { Exchange } from './exchange';
import { FORM_BYTES } from './limits';

/** A form that cannot be read. */
export class BadForm extends Error {
  override readonly name = 'BadForm';

  constructor(
    readonly status: 400 | 413 | 415,
    message: string,
  ) {
    super(message);
  }
}

/**
 * The parameters of a request: those of its body, where it has one, before those of its URL.
 *
 * @throws BadForm
 */
export async function readForm(exchange: Exchange, { search }: URL): Promise<URLSearchParams> {
  const query = search.slice(1);
  if (exchange.request.method !== 'POST') return new URLSearchParams(encoded(query));
  checkHeaders(exchange.request);
  return new URLSearchParams(encoded([await readBody(exchange), query].filter(Boolean).join('&')));
}

function checkHeaders({ headers }: IncomingMessage): void {
  const type = (headers['content-type'] ?? '').split(';')[0].trim().toLowerCase();
  if (type !== '' && type !== 'application/x-www-form-urlencoded')
    throw new BadForm(415, 'the body must be application/x-www-form-urlencoded');
  if (headers['content-encoding'] !== undefined) throw new BadForm(415, 'the body must not be compressed');
  if (Number(headers['content-length'] ?? 0) > FORM_BYTES) throw tooLong();
}

function tooLong(): BadForm {
  return new BadForm(413, `the body must not be longer than ${FORM_BYTES} bytes`);
}

/** Never settles if the client disconnects, since nobody needs the answer then. Node limits the time it may take. */
function readBody(exchange: Exchange): Promise<string> {
  const { request, response } = exchange;
  if (request.headers.expect?.toLowerCase() === '100-continue') response.writeContinue();
  const parts: Buffer[] = [];
  let length = 0;
  return new Promise((resolve, reject) => {
    const take = (part: Buffer): void => {
      length += part.length;
      if (length <= FORM_BYTES) parts.push(part);
      else {
        request.off('data', take).pause();
        reject(tooLong());
      }
    };
    request.on('error', reject).on('data', take);
    request.once('end', () => {
      exchange.bodyRead = true;
      try {
        resolve(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(parts)));
      } catch {
        reject(new BadForm(400, 'the body must be UTF-8'));
      }
    });
  });
}

/** Checks the encoding of a form: `URLSearchParams` would accept any text. */
function encoded(text: string): string {
  try {
    decodeURIComponent(text);
    return text;
  } catch {
    throw new BadForm(400, 'the percent-encoding of the parameters is invalid');
  }
}
