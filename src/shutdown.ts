/** What is called when the process, or this thread, ends: by one listener, however many collectors there are. */
const atExit = new Set<() => void>();

function runAll(): void {
  for (const flush of atExit) flush();
}

/** What a collector does when the process ends: a synchronous last flush, and on signals an orderly close. */
export class Shutdown {
  /**
   * @param flush called when the process or the thread ends by whatever way leaves it a moment; must not need its event loop
   * @param signals after which `close` is called; then the process ends of the signal, unless somebody else listens to it
   */
  constructor(
    private readonly flush: () => void,
    private readonly signals: readonly NodeJS.Signals[],
    private readonly close: () => Promise<void>,
  ) {
    if (atExit.size === 0) process.on('exit', runAll);
    atExit.add(flush);
    for (const signal of signals) process.on(signal, this.onSignal);
  }

  private readonly onSignal = (signal: NodeJS.Signals): void => {
    void this.close().finally(() => {
      this.stop();
      if (!isAwaited(signal)) process.kill(process.pid, signal);
    });
  };

  stop(): void {
    atExit.delete(this.flush);
    if (atExit.size === 0) process.removeListener('exit', runAll);
    for (const signal of this.signals) process.removeListener(signal, this.onSignal);
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
