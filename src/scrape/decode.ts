import { isUtf8 } from 'node:buffer';
import { ScrapeError } from './error';
import { parseScrape } from './parse';
import type { Scrape, ScrapeFormat } from './types';

const NEWLINE = 10;
const EOF_LINE = /(?:^|\n)# EOF\n?$/;

/**
 * Reads the bytes of an exposition.
 *
 * @param contentType as the server said; without it, text that ends in `# EOF` is OpenMetrics
 * @throws ScrapeError
 */
export function decodeScrape(body: Uint8Array, contentType?: string): Scrape {
  if (contentType !== undefined && /protobuf/i.test(contentType))
    throw new ScrapeError(`the answer is ${contentType}, and only the text formats can be read`);
  if (!isUtf8(body)) failAtLine(body);
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
  return parseScrape(text, formatOf(text, contentType));
}

function formatOf(text: string, contentType: string | undefined): ScrapeFormat {
  const isOpenMetrics =
    contentType === undefined || contentType === ''
      ? EOF_LINE.test(text.slice(-8))
      : /^application\/openmetrics-text\b/i.test(contentType.trim());
  return isOpenMetrics ? 'openmetrics' : 'prometheus';
}

function failAtLine(body: Uint8Array): never {
  let line = 1;
  for (let start = 0; ; line++) {
    const newline = body.indexOf(NEWLINE, start);
    const bytes = body.subarray(start, newline === -1 ? body.length : newline);
    if (newline === -1 || !isUtf8(bytes))
      throw new ScrapeError('the text is not valid UTF-8', { line, column: validUnits(bytes) + 1 });
    start = newline + 1;
  }
}

/** UTF-16 units before the first byte that is wrong. */
function validUnits(bytes: Uint8Array): number {
  let [valid, invalid] = [0, bytes.length];
  while (invalid - valid > 1) {
    const middle = (valid + invalid) >> 1;
    // a prefix that ends within a character is only incomplete
    if (decodes(bytes.subarray(0, middle))) valid = middle;
    else invalid = middle;
  }
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(0, valid), { stream: true }).length;
}

function decodes(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}
