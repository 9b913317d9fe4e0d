import type { Socket } from 'node:net';
import { alike } from '../common/alike';
import { exchangeOn } from './exchange';
import type { AnyRequest } from './options';

const STATUS_LINE = /^HTTP\/1\.[01] (\d{3})/;

type Write = (this: Socket, ...args: unknown[]) => unknown;

/**
 * Tells what observes an upgrade or a CONNECT how it was answered: by the status line that whoever took over the
 * connection writes first. What goes over the connection afterwards is no answer, and is not looked at.
 */
export function watchHandover(request: AnyRequest, socket: Socket): void {
  const restore = [watch(socket, 'write', answered), watch(socket, 'end', answered)];
  function answered(chunk: unknown): void {
    for (const put of restore) put();
    exchangeOn(request)?.answered(statusOf(chunk) ?? usualStatus(request), Number.NaN);
  }
  socket.once('close', () => exchangeOn(request)?.aborted());
}

/** Lets `told` know the first thing that a method of a socket is called with. @returns what undoes it */
function watch(socket: Socket, name: 'write' | 'end', told: (chunk: unknown) => void): () => void {
  const own = Object.getOwnPropertyDescriptor(socket, name);
  const method = socket[name] as Write;
  const watching: Write = alike(method, function (this: Socket, ...args: unknown[]) {
    // an end without a last word is the connection's, not an answer
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

/** What was answered if the first thing written is no status line: the two sides go without. */
function usualStatus({ method }: AnyRequest): number {
  return method === 'CONNECT' ? 200 : 101;
}
