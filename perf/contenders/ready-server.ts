import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parentPort, Worker, workerData } from 'node:worker_threads';
import type { Served } from './contender';

/** What the worker thread knows itself by: the benchmark's threads load this file as well. */
const READY = 'ready-server';

/** The floor of a transfer: a bare `node:http` server in a worker thread, which has the whole answer before it is asked. */
export class ReadyServer implements Served {
  private constructor(
    private readonly worker: Worker,
    readonly url: string,
  ) {}

  static async open(): Promise<ReadyServer> {
    const worker = new Worker(__filename, { workerData: READY });
    worker.unref();
    const [port] = (await once(worker, 'message')) as [number];
    return new ReadyServer(worker, `http://127.0.0.1:${port}/metrics`);
  }

  /** From now on this is the answer. The text is given away. */
  async answer(text: Uint8Array<ArrayBuffer>): Promise<void> {
    const taken = once(this.worker, 'message');
    this.worker.postMessage(text, [text.buffer]);
    await taken;
  }

  async close(): Promise<void> {
    await this.worker.terminate();
  }
}

function serve(): void {
  let body = new Uint8Array();
  const server = createServer((_, response) => {
    response.setHeader('Content-Type', 'text/plain; version=0.0.4; charset=utf-8');
    response.end(body);
  });
  server.listen(0, '127.0.0.1', () => parentPort!.postMessage((server.address() as AddressInfo).port));
  parentPort!.on('message', (text: Uint8Array<ArrayBuffer>) => {
    body = text;
    parentPort!.postMessage('taken');
  });
}

if (workerData === READY) serve();
