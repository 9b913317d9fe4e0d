/** What is called when the process, or this thread, ends: by one listener, however many collectors there are. */
const atExit = new Set<() => void>();

function runAll(): void {
  for (const flush of atExit) flush();
}

/** What a collector does when the process ends: a synchronous last flush, and on signals an orderly close. */
export class Shutdown {
  /**
   * @param flush called when the process or the thread ends by whatever way leaves it a moment; must not need its event loop
   * @param signals after which `close` is called, and then the process ended by the same signal
   */
  constructor(
    private readonly flush: () => void,
    private readonly signals: readonly NodeJS.Signals[],
    private readonly close: () => Promise<void>,
  ) {
    if (atExit.size === 0) process.on('exit', runAll);
    atExit.add(flush);
    for (const signal of signals) process.once(signal, this.onSignal);
  }

  private readonly onSignal = (signal: NodeJS.Signals): void => {
    void this.close().finally(() => {
      this.stop();
      process.kill(process.pid, signal);
    });
  };

  stop(): void {
    atExit.delete(this.flush);
    if (atExit.size === 0) process.removeListener('exit', runAll);
    for (const signal of this.signals) process.removeListener(signal, this.onSignal);
  }
}
