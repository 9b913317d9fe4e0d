// not the globals: some realms have none, or replace node's timers
import { setImmediate } from 'node:timers';
import { stringifier } from '../../common/stringifier';
import { ANSWER_BYTES } from '../limits';
import { ApiFailure } from './failure';

/** Milliseconds of making JSON after which the event loop turns. */
const LONGEST_TURN_MS = 5;
/** Characters that are encoded at a time. */
const CHUNK = 2 ** 16;

const strings = stringifier({ type: 'array', items: { type: 'string' } } as const);
const failed = stringifier({
  type: 'object',
  properties: { status: { type: 'string' }, errorType: { type: 'string' }, error: { type: 'string' } },
} as const);

export function failureBytes({ type, message }: ApiFailure): Uint8Array {
  return Buffer.from(failed({ status: 'error', errorType: type, error: message }));
}

/**
 * Wraps data in the envelope of a success, and lets the event loop turn in between.
 *
 * @throws ApiFailure if it becomes too long; the signal's reason
 */
export async function successBytes(
  data: Iterable<string>,
  warnings: readonly string[],
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Buffer[] = [];
  let length = 0;
  let text = '{"status":"success","data":';
  let turn = performance.now();
  for (const piece of data) {
    text += piece;
    if (text.length < CHUNK) continue;
    length += parts[parts.push(Buffer.from(text)) - 1].length;
    text = '';
    if (length > ANSWER_BYTES) throw new ApiFailure('execution', `the answer is larger than ${ANSWER_BYTES} bytes`);
    if (performance.now() - turn < LONGEST_TURN_MS) continue;
    await new Promise(setImmediate);
    signal.throwIfAborted();
    turn = performance.now();
  }
  parts.push(Buffer.from(`${text}${warnings.length > 0 ? `,"warnings":${strings(warnings as string[])}` : ''}}`));
  return Buffer.concat(parts) as Uint8Array<ArrayBuffer>;
}

/** The pieces of an array, from the texts of its items. */
export function arrayOf<T>(items: Iterable<T>, stringify: (item: T) => string): Generator<string> {
  return enclosed('[', items, (item) => [stringify(item)], ']');
}

/** The pieces of an object, from the texts of its entries. */
export function objectOf<T>(items: Iterable<T>, stringify: (item: T) => string): Generator<string> {
  return enclosed('{', items, (item) => [stringify(item)], '}');
}

/** The pieces of an array whose items consist of pieces themselves. */
export function arrayOfPieces<T>(items: Iterable<T>, pieces: (item: T) => Iterable<string>): Generator<string> {
  return enclosed('[', items, pieces, ']');
}

function* enclosed<T>(
  open: string,
  items: Iterable<T>,
  pieces: (item: T) => Iterable<string>,
  close: string,
): Generator<string> {
  let before = open;
  for (const item of items) {
    yield before;
    yield* pieces(item);
    before = ',';
  }
  yield before === open ? open + close : close;
}
