import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { type Answer, EVERYTHING, GO_ON, RESTING, type Task } from './benchmark';

/** Seconds after which a process that does not rest is given up. */
const PATIENCE = 300;
/** V8's limit is above the 4 GB at which a contender is left out, so that it can say so itself. */
const EXEC_ARGV = ['--expose-gc', '--max-old-space-size=6144'];

/** Signals with which V8 ends a process that has no memory left. */
const OUT_OF_MEMORY = ['SIGABRT', 'SIGTRAP', 'SIGILL'];

export interface Failure {
  failed: string;
}

/** A process of its own for one task, which it does in one leg or in several. */
export class Participant {
  private child: ChildProcess | undefined;
  private ended: Promise<Answer | Failure> | undefined;
  private answer: Answer | undefined;
  private complaint = '';
  private rests: () => void = () => {};

  constructor(
    private readonly task: Task,
    private readonly execPath: string,
    private readonly file = join(__dirname, 'child.js'),
  ) {}

  /**
   * Starts the process, or lets it go on.
   *
   * @returns undefined when it rests
   */
  async goOn(): Promise<Answer | Failure | undefined> {
    const rested = new Promise<undefined>((resolve) => {
      this.rests = () => resolve(undefined);
    });
    if (this.ended === undefined) this.ended = this.start();
    else if (this.child?.connected) this.child.send(GO_ON);
    const late = setTimeout(() => this.child?.kill(), PATIENCE * 1000);
    // it may have ended while it rested
    const result = await Promise.race([this.ended, rested]);
    clearTimeout(late);
    return result;
  }

  private start(): Promise<Answer | Failure> {
    const { task, execPath, file } = this;
    const stdio = ['ignore', 'inherit', 'pipe', 'ipc'] as const;
    const child = fork(file, [JSON.stringify(task)], { execPath, execArgv: EXEC_ARGV, stdio: [...stdio] });
    child.stderr?.on('data', (chunk: Buffer) => {
      this.complaint = (this.complaint + chunk.toString()).slice(-4000);
    });
    child.on('message', (message: Answer | typeof RESTING) => {
      if (message === RESTING) this.rests();
      else this.answer = message;
    });
    this.child = child;
    return new Promise((resolve) => {
      child.once('error', (error) => resolve({ failed: error.message }));
      child.once('close', (code, signal) => resolve(this.result(code, signal)));
    });
  }

  private result(code: number | null, signal: NodeJS.Signals | null): Answer | Failure {
    const { task, answer, complaint } = this;
    if (answer !== undefined && code === 0) return answer;
    if (isPeer(task) && signal === 'SIGTERM') return omitted(task, `more than ${PATIENCE / 60} minutes`);
    if (isPeer(task) && OUT_OF_MEMORY.includes(signal ?? '')) return omitted(task, 'out of memory');
    return { failed: `the process ended with ${signal ?? code}: ${complaint.trim() || 'it said nothing'}` };
  }
}

function isPeer({ turn }: Task): boolean {
  return !['ringmeter', 'floor', 'none', 'scraped-beside'].includes(turn.contender);
}

function omitted({ turn }: Task, reason: string): Answer {
  return { title: turn.contender, figures: {}, omitted: { [EVERYTHING]: reason }, wrong: [] };
}
