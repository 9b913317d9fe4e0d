import { messageOf } from '../common/errors';
import { shareListener } from '../common/shared-listeners';
import { warnNow } from '../common/warning';

/** One step of the end. @param began when the step began, the same for all collectors; by performance.now() */
export type EndStep = (began: number) => void;

/** What each collector does when the process, or this thread, ends: by one listener, however many collectors there are. */
const atExit = new Set<readonly EndStep[]>();
let stopListening = (): void => {};

/** Runs the first step of all collectors, then the second of all: they wait side by side, not one after the other. */
function runAll(): void {
  const all = [...atExit];
  const count = Math.max(...all.map((steps) => steps.length));
  for (let index = 0; index < count; index++) {
    const began = performance.now();
    for (const steps of all) attempt(() => steps[index]?.(began));
  }
}

/** A step that throws must not keep the other collectors from theirs, nor change the exit code. */
function attempt(step: () => void): void {
  try {
    step();
  } catch (error) {
    try {
      warnNow('RINGMETER_STORAGE_FAILED', `last flush: ${messageOf(error)}`);
    } catch {
      // a listener of 'warning' that throws has been told
    }
  }
}

/** What a collector does when the process ends: a synchronous last flush, and on signals an orderly close. */
export class Shutdown {
  private readonly offSignals: readonly (() => void)[];

  /**
   * @param steps run when the process or the thread ends by whatever way leaves it a moment; must not need its event loop
   * @param signals after which `close` is called; then the process ends of the signal, unless somebody else listens to it
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
 * Whether somebody listens to the signal who will end the process. The package signal-exit, which many have without
 * knowing it, listens to every signal and does so only when nobody else does; all its versions tell each other by these
 * counts how many of them there are.
 */
function isAwaited(signal: NodeJS.Signals): boolean {
  const emitters: unknown[] = [
    Reflect.get(globalThis, Symbol.for('signal-exit emitter')),
    Reflect.get(process, '__signal_exit_emitter__'),
  ];
  const passive = emitters.reduce<number>((sum, emitter) => sum + ((emitter as { count?: number })?.count ?? 0), 0);
  return process.listenerCount(signal) > passive;
}
