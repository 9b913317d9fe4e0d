/** What a process does when it ends: a synchronous last flush, and on signals that the user names, an orderly close. */
export class Shutdown {
  private readonly onExit: () => void;
  private readonly onSignal: (signal: NodeJS.Signals) => void;

  /**
   * @param flush called when the process or the thread ends by whatever way leaves it a moment; must not need its event loop
   * @param signals after which `close` is called; then the process ends of the signal, unless somebody else listens to it
   */
  constructor(
    flush: () => void,
    private readonly signals: readonly NodeJS.Signals[],
    close: () => Promise<void>,
  ) {
    this.onExit = flush;
    this.onSignal = (signal) => {
      void close().finally(() => {
        this.stop();
        if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
      });
    };
    process.once('exit', this.onExit);
    for (const signal of signals) process.on(signal, this.onSignal);
  }

  stop(): void {
    process.removeListener('exit', this.onExit);
    for (const signal of this.signals) process.removeListener(signal, this.onSignal);
  }
}
