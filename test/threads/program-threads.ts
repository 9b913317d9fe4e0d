import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { MetricsCollector } from 'ringmeter';
import type { Plan, ThreadPlan } from './plan';

/** One thread of the program, and how far it came. */
export interface Run {
  thread: ThreadPlan;
  /** Operations that it has begun, and that it has finished: they differ by one if it was killed inside. */
  counts: () => { begun: number; done: number };
}

/** Every thread that a program records on. All other workers of the process are the collector's. */
const recording = new WeakSet<Worker>();

/** A recording thread from its start to its end, with the thread that it starts itself. */
export class ProgramThread {
  readonly online: Promise<unknown>;
  private readonly worker: Worker;
  private readonly runs: Run[] = [];

  constructor(
    private readonly thread: ThreadPlan,
    { onFull }: Plan,
    collector?: MetricsCollector,
  ) {
    const dataOf = (each: ThreadPlan): object => {
      const progress = new SharedArrayBuffer(128);
      const words = new Int32Array(progress);
      this.runs.push({
        thread: each,
        counts: () => ({ begun: Atomics.load(words, 0), done: Atomics.load(words, 16) }),
      });
      return { ...each, thread: each.number, progress, sets: onFull === 'fold', handle: collector?.handle };
    };
    const { nested } = thread;
    this.worker = new Worker(join(__dirname, '../fixtures/recorder.cjs'), {
      workerData: { ...dataOf(thread), nested: nested && dataOf(nested) },
      execArgv: ['--no-warnings'],
    });
    recording.add(this.worker);
    this.online = once(this.worker, 'online');
  }

  /** Lets it run to its end. Resolves when it has ended, and with it whatever it started. */
  async run(collector: MetricsCollector, problems: string[]): Promise<Run[]> {
    const { worker, thread } = this;
    worker.on('message', (message: 'started' | { problem: string }) => {
      if (message !== 'started') problems.push(`a thread read something wrong: ${message.problem}`);
      else if (thread.ending === 'terminate') setTimeout(() => worker.terminate(), thread.killAfter);
    });
    worker.on('error', ({ message }) => {
      if (message !== 'an ending that the test asked for') problems.push(`a thread failed: ${message}`);
    });
    const exit = new Promise((resolve) => worker.once('exit', resolve));
    if (thread.joins === 'message') worker.postMessage(collector.handle);
    await exit;
    return this.runs;
  }
}

/** Terminates flush workers, and those that take their places, at random moments. */
export class FlushWorkerKiller {
  killed = 0;
  private readonly workers = new Set<Worker>();
  private stopped = false;

  constructor(private readonly next: () => number) {
    process.on('worker', this.watch);
  }

  private readonly watch = (worker: Worker): void => {
    if (recording.has(worker)) return;
    this.workers.add(worker);
    worker.once('exit', () => this.workers.delete(worker));
  };

  /** Perhaps terminates one in a moment. */
  soon(): void {
    if (this.next() > 0.4) return;
    setTimeout(() => {
      const workers = [...this.workers];
      if (this.stopped || workers.length === 0) return;
      this.killed++;
      void workers[Math.floor(this.next() * workers.length)].terminate();
    }, this.next() * 30);
  }

  stop(): void {
    this.stopped = true;
    process.off('worker', this.watch);
  }
}
