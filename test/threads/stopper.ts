import { readFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';

const BUILD = join(__dirname, '../../dist');

/** What a worker's inspector says. */
interface Message {
  id?: number;
  method?: string;
  error?: { message: string };
}

/**
 * Stops a living worker thread at a line of the build, as a debugger does, and lets it go on. It is the real thread in the
 * real code: a scheduler that takes the processor away there, for as long as it likes, looks the same to other threads.
 */
export class Stopper {
  private readonly session = new Session();
  private sessionId = '';
  private lastId = 0;
  private readonly answers = new Map<number, (message: Message) => void>();
  private stops = 0;
  private seenStops = 0;
  private onStop = (): void => {};
  /** A flush worker does not keep the process alive, nor does waiting for its inspector. */
  private readonly alive = setInterval(() => {}, 1_000);

  private constructor() {
    this.session.connect();
    this.session.on('NodeWorker.receivedMessageFromWorker', ({ params }) => {
      if (params.sessionId === this.sessionId) this.receive(JSON.parse(params.message) as Message);
    });
  }

  static async of(worker: Worker): Promise<Stopper> {
    const stopper = new Stopper();
    const title = new RegExp(`\\[worker ${worker.threadId}\\]`);
    await new Promise<void>((resolve, reject) => {
      stopper.session.on('NodeWorker.attachedToWorker', ({ params }) => {
        if (!title.test(params.workerInfo.title)) return;
        stopper.sessionId = params.sessionId;
        resolve();
      });
      stopper.session.post('NodeWorker.enable', { waitForDebuggerOnStart: false }, (error) => error && reject(error));
    });
    await stopper.send('Debugger.enable');
    return stopper;
  }

  /** Stops the thread at the next line it comes to, whatever that is. */
  async stop(): Promise<void> {
    await this.send('Debugger.pause');
    await this.stopped();
  }

  /**
   * Stops the thread when it comes to the line of a built file that contains `text`, before the line is run.
   *
   * @param condition in terms of what is in scope there; the first line for which it holds
   */
  async stopAt(file: string, text: string, condition = 'true'): Promise<void> {
    const lines = readFileSync(join(BUILD, file), 'utf8').split('\n');
    const found = lines.flatMap((line, number) => (line.includes(text) ? [number] : []));
    if (found.length !== 1) throw new Error(`"${text}" stands ${found.length} times in ${file}`);
    await this.send('Debugger.setBreakpointByUrl', {
      lineNumber: found[0],
      urlRegex: `${file.replaceAll('.', '\\.')}$`,
      condition,
    });
  }

  /** Resolves when the thread has come to a stop. */
  async stopped(): Promise<void> {
    if (this.stops === this.seenStops)
      await new Promise<void>((resolve) => {
        this.onStop = resolve;
      });
    this.seenStops++;
  }

  /** Lets the thread go on, to the next line that it is to stop at. */
  resume(): void {
    this.post('Debugger.resume');
  }

  /** Lets the thread go on, and never stops it again. */
  release(): void {
    this.post('Debugger.setBreakpointsActive', { active: false });
    this.resume();
  }

  /** Ends the stopped thread where it stands: at the next function or loop edge it comes to. */
  async kill(worker: Worker): Promise<void> {
    const ended = worker.terminate();
    this.resume();
    await ended;
    this.close();
  }

  close(): void {
    clearInterval(this.alive);
    this.session.disconnect();
  }

  private async send(method: string, params: object = {}): Promise<void> {
    const { error } = await new Promise<Message>((resolve) => this.post(method, params, resolve));
    if (error) throw new Error(`${method}: ${error.message}`);
  }

  /** The answer may come before this returns. */
  private post(method: string, params: object = {}, onAnswer?: (message: Message) => void): void {
    const id = ++this.lastId;
    if (onAnswer !== undefined) this.answers.set(id, onAnswer);
    const message = JSON.stringify({ id, method, params });
    this.session.post('NodeWorker.sendMessageToWorker', { sessionId: this.sessionId, message });
  }

  private receive(message: Message): void {
    if (message.id !== undefined) this.answers.get(message.id)?.(message);
    if (message.method !== 'Debugger.paused') return;
    this.stops++;
    this.onStop();
  }
}
