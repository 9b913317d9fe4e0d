import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { TooMuch } from '../runner/benchmark';

type Reply<T> = { value: T } | { error: string };

/** A process of ours that answers one request after the other. */
export class Helper<Request, Answer> {
  private constructor(private readonly child: ChildProcess) {}

  /** @param file of this folder, without its ending; returns when the process is up */
  static async start<Request, Answer>(file: string): Promise<Helper<Request, Answer>> {
    const child = fork(join(__dirname, `${file}.js`), { execArgv: ['--max-old-space-size=4096'] });
    await once(child, 'message');
    return new Helper(child);
  }

  /** @throws Error that the process had; TooMuch if it was about the time */
  async ask(request: Request): Promise<Answer> {
    const replied = once(this.child, 'message') as Promise<[Reply<Answer>]>;
    this.child.send(request as object);
    const [reply] = await replied;
    if ('value' in reply) return reply.value;
    throw reply.error === 'more than a minute' ? new TooMuch(reply.error) : new Error(reply.error);
  }

  end(): void {
    this.child.kill();
  }
}

/** The other end. */
export function answerWith<Request, Answer>(answer: (request: Request) => Promise<Answer>): void {
  process.on('message', (request: Request) => {
    answer(request).then(
      (value) => process.send?.({ value }),
      (error: unknown) => process.send?.({ error: error instanceof Error ? error.message : String(error) }),
    );
  });
  process.once('disconnect', () => process.exit());
  process.send?.('ready');
}
