import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { ScrapeError } from './error';

/** Most bytes of a body, after decompression. */
export const LARGEST_BODY = 128 * 2 ** 20;

/** Reads a stream to its end. @throws ScrapeError if there is more than `limit`, and whatever the stream fails with */
export async function readBody(stream: Readable, gzip = false, limit = LARGEST_BODY): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of gzip ? unpack(stream) : stream) {
    length += (chunk as Buffer).length;
    if (length > limit) throw new ScrapeError(`the body is larger than ${limit / 2 ** 20} MiB`);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks, length);
}

function unpack(stream: Readable): Readable {
  const gunzip = createGunzip();
  stream.once('error', (error) => gunzip.destroy(error));
  gunzip.once('close', () => stream.destroy());
  return stream.pipe(gunzip);
}
