import type { Exposition } from './renderer';

/** What users get: frameworks send a Buffer as it is, but make JSON of any other Uint8Array. */
export function sendable({ contentType, body: { buffer, byteOffset, length } }: Exposition): Exposition {
  return { contentType, body: Buffer.from(buffer, byteOffset, length) };
}
