import type { Socket } from 'node:net';
import { alike } from '../common/alike';
import { exchangeOn } from './exchange';
import type { AnyRequest } from './options';

const STATUS_LINE = /^HTTP\/1\.[01] (\d{3})/;

type Write = (this: Socket, ...args: unknown[]) => unknown;

/**
 * Reports the answer to an upgrade or a CONNECT to its observer: the status line that the new owner of the connection
 * writes first. Later data on the connection is not part of the answer, and is ignored.
 */
export function watchHandover(request: AnyRequest, socket: Socket): void {
  const restore = [watch(socket, 'write', answered), watch(socket, 'end', answered)];
  function answered(chunk: unknown): void {
    for (const put of restore) put();
    exchangeOn(request)?.answered(statusOf(chunk) ?? usualStatus(request), Number.NaN);
  }
  socket.once('close', () => exchangeOn(request)?.aborted());
}

/** Calls `told` with the first argument of a socket's method. @returns a function that removes the hook */
function watch(socket: Socket, name: 'write' | 'end', told: (chunk: unknown) => void): () => void {
  const own = Object.getOwnPropertyDescriptor(socket, name);
  const method = socket[name] as Write;
  const watching: Write = alike(method, function (this: Socket, ...args: unknown[]) {
    // `end()` without data is no answer
    if (typeof args[0] === 'string' || args[0] instanceof Uint8Array) told(args[0]);
    return method.apply(this, args);
  });
  Object.defineProperty(socket, name, { value: watching, configurable: true, writable: true });
  return () => {
    if ((socket[name] as Write) !== watching) return;
    if (own === undefined) delete (socket as Partial<Socket>)[name];
    else Object.defineProperty(socket, name, own);
  };
}

function statusOf(chunk: unknown): number | undefined {
  const text =
    typeof chunk === 'string' ? chunk.slice(0, 16) : Buffer.from(chunk as Uint8Array).toString('latin1', 0, 16);
  const found = STATUS_LINE.exec(text);
  return found === null ? undefined : Number(found[1]);
}

/** The status to record if the first data is no status line, because both sides omit it. */
function usualStatus({ method }: AnyRequest): number {
  return method === 'CONNECT' ? 200 : 101;
}
