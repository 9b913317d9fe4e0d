import { messageOf } from '../common/errors';
import { shareListener } from '../common/shared-listeners';
import { warnNow } from '../common/warning';

/** One step of the shutdown. @param began when the step began, equal for all collectors; by performance.now() */
export type EndStep = (began: number) => void;

/** The steps of each collector when the process or this thread ends, run by a single listener for all collectors. */
const atExit = new Set<readonly EndStep[]>();
let stopListening = (): void => {};

/** Runs the first step of all collectors, then the second of all, so that their waits overlap. */
function runAll(): void {
  const all = [...atExit];
  const count = Math.max(...all.map((steps) => steps.length));
  for (let index = 0; index < count; index++) {
    const began = performance.now();
    for (const steps of all) attempt(() => steps[index]?.(began));
  }
}

/** A step that throws must neither prevent the steps of other collectors, nor change the exit code. */
function attempt(step: () => void): void {
  try {
    step();
  } catch (error) {
    try {
      warnNow('RINGMETER_STORAGE_FAILED', `last flush: ${messageOf(error)}`);
    } catch {
      // ignored: a listener of 'warning' threw, after it received the warning
    }
  }
}

/** A collector's shutdown: a synchronous last flush when the process ends, and `close()` on signals. */
export class Shutdown {
  private readonly offSignals: readonly (() => void)[];

  /**
   * @param steps run when the process or the thread ends in any way that emits 'exit'; must be synchronous
   * @param signals on which `close` is called; then the signal terminates the process, unless other code listens to it
   */
  constructor(
    private readonly steps: readonly EndStep[],
    signals: readonly NodeJS.Signals[],
    private readonly close: () => Promise<void>,
  ) {
    if (atExit.size === 0) stopListening = shareListener(process, 'exit', runAll);
    atExit.add(steps);
    this.offSignals = signals.map((signal) => shareListener(process, signal, this.onSignal));
  }

  private readonly onSignal = (signal: NodeJS.Signals): void => {
    void this.close().finally(() => {
      this.stop();
      if (!isAwaited(signal)) process.kill(process.pid, signal);
    });
  };

  stop(): void {
    atExit.delete(this.steps);
    if (atExit.size === 0) stopListening();
    for (const off of this.offSignals) off();
  }
}

/**
 * Whether other code listens to the signal, and will terminate the process. The package signal-exit, a frequent
 * transitive dependency, listens to every signal, but terminates only if it is the only listener; all its versions
 * count themselves in these global counts.
 */
function isAwaited(signal: NodeJS.Signals): boolean {
  const emitters: unknown[] = [
    Reflect.get(globalThis, Symbol.for('signal-exit emitter')),
    Reflect.get(process, '__signal_exit_emitter__'),
  ];
  const passive = emitters.reduce<number>((sum, emitter) => sum + ((emitter as { count?: number })?.count ?? 0), 0);
  return process.listenerCount(signal) > passive;
}
