import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import Negotiator from 'negotiator';

const compress = promisify(gzip);

/** Metric text shrinks twentyfold at the fastest level already, and the threads that compress belong to the process. */
const LEVEL = 1;

export interface EncodedBody {
  body: Uint8Array;
  encoding: 'gzip' | undefined;
}

/** Compresses a body if the client says it takes it. */
export async function encodeFor(request: IncomingMessage, body: Uint8Array): Promise<EncodedBody> {
  if (new Negotiator(request).encoding(['gzip', 'identity']) !== 'gzip') return { body, encoding: undefined };
  return { body: await compress(body, { level: LEVEL }), encoding: 'gzip' };
}
