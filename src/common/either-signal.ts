import { onAbort } from './on-abort';

/** A combined signal; it must be released when it is no longer needed. */
export interface EitherSignal {
  readonly signal: AbortSignal;
  release(): void;
}

/**
 * A signal that is aborted with the first of the given ones. Not `AbortSignal.any`, which leaks memory: a long-lived
 * signal keeps a reference to every result.
 */
export function eitherSignal(signals: readonly AbortSignal[]): EitherSignal {
  const controller = new AbortController();
  let offs: readonly (() => void)[] = [];
  const release = (): void => {
    for (const off of offs) off();
  };
  function abort(this: AbortSignal): void {
    release();
    controller.abort(this.reason);
  }
  const aborted = signals.find((signal) => signal.aborted);
  if (aborted !== undefined) controller.abort(aborted.reason);
  else offs = signals.map((signal) => onAbort(signal, abort));
  return { signal: controller.signal, release };
}
