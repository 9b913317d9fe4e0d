import type { Exposition } from './renderer';

/** Converts the body to a Buffer: frameworks send a Buffer unchanged, but convert another Uint8Array to JSON. */
export function sendable({ contentType, body: { buffer, byteOffset, length } }: Exposition): Exposition {
  return { contentType, body: Buffer.from(buffer, byteOffset, length) };
}
