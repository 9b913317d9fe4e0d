import { fork } from 'node:child_process';
import { join } from 'node:path';
import { type Answer, EVERYTHING, type Task } from './benchmark';

/** Seconds after which a process is given up. */
const PATIENCE = 300;
/** V8's limit is above the 4 GB at which a contender is left out, so that it can say so itself. */
const EXEC_ARGV = ['--expose-gc', '--max-old-space-size=6144'];

/** Signals with which V8 ends a process that has no memory left. */
const OUT_OF_MEMORY = ['SIGABRT', 'SIGTRAP', 'SIGILL'];

export interface Failure {
  failed: string;
}

/** Runs one task in a fresh process. */
export function ask(task: Task, execPath: string): Promise<Answer | Failure> {
  return new Promise((resolve) => {
    const child = fork(join(__dirname, 'child.js'), [JSON.stringify(task)], {
      execPath,
      execArgv: EXEC_ARGV,
      timeout: PATIENCE * 1000,
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    });
    let answer: Answer | undefined;
    let complaint = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      complaint = (complaint + chunk.toString()).slice(-4000);
    });
    child.once('message', (message) => {
      answer = message as Answer;
    });
    child.once('error', (error) => resolve({ failed: error.message }));
    child.once('close', (code, signal) => {
      if (answer !== undefined && code === 0) return resolve(answer);
      if (isPeer(task) && signal === 'SIGTERM') return resolve(omitted(task, `more than ${PATIENCE / 60} minutes`));
      if (isPeer(task) && OUT_OF_MEMORY.includes(signal ?? '')) return resolve(omitted(task, 'out of memory'));
      resolve({ failed: `the process ended with ${signal ?? code}: ${complaint.trim() || 'it said nothing'}` });
    });
  });
}

function isPeer({ turn }: Task): boolean {
  return !['ringmeter', 'floor', 'none', 'scraped-beside'].includes(turn.contender);
}

function omitted({ turn }: Task, reason: string): Answer {
  return { title: turn.contender, figures: {}, omitted: { [EVERYTHING]: reason }, wrong: [] };
}
