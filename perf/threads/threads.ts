import { once } from 'node:events';
import { join } from 'node:path';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { Kind } from '../contenders/contender';
import type { Gap } from '../measure/gaps';

/** What every recording thread starts with. */
export interface ThreadData {
  contender: string;
  /** Of the library on the main thread, if threads share one. */
  handle?: unknown;
  kind: Kind;
  name: string;
  series: number;
  control: MessagePort;
}

/** What it can be told to do. An empty request asks for its own account. */
export type Request =
  | { everySeries: true }
  | { records: number }
  | { milliseconds: number; pause: boolean }
  | { watch: boolean }
  | Record<string, never>;

export interface Reply {
  records?: number;
  /** Nanoseconds per record: the median of the bursts. */
  ns?: number;
  /** The longest gap of its event loop. */
  gap?: Gap;
  wrong?: string;
}

/** The worker threads of one benchmark. */
export class Threads {
  private constructor(
    readonly workers: readonly Worker[],
    private readonly ports: readonly MessagePort[],
  ) {}

  /** Returns when all of them are ready to record. */
  static async start(count: number, data: Omit<ThreadData, 'control'>): Promise<Threads> {
    const channels = Array.from({ length: count }, () => new MessageChannel());
    const ready = channels.map(({ port1 }) => once(port1, 'message'));
    const workers = channels.map(
      ({ port2 }) =>
        new Worker(join(__dirname, 'recording-thread.js'), {
          workerData: { ...data, control: port2 },
          transferList: [port2],
        }),
    );
    const failed = Promise.race(workers.map((worker) => once(worker, 'exit')));
    const all = Promise.all(ready);
    await Promise.race([all, failed.then(() => Promise.reject(new Error('a recording thread ended')))]);
    return new Threads(
      workers,
      channels.map(({ port1 }) => port1),
    );
  }

  /** All of them at the same time. */
  async ask(request: Request): Promise<Reply[]> {
    const replies = this.ports.map(async (port) => {
      const replied = once(port, 'message');
      port.postMessage(request);
      return (await replied)[0] as Reply;
    });
    return Promise.all(replies);
  }

  async end(): Promise<void> {
    for (const port of this.ports) port.close();
    await Promise.all(this.workers.map((worker) => worker.terminate()));
  }
}
