/** How long an example plays with itself when it was told `--once`. */
const ONCE_MS = 2_500;

/** Whether the example shall end by itself. */
export const once = process.argv.includes('--once');

/** The port of the metrics endpoint: PORT of the environment, 0 for a free one. */
export const metricsPort = Number(process.env.PORT ?? 9464);

/** Aborts at SIGINT, at SIGTERM, and with `--once` some seconds after this call: call it when the service is up. */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  if (once) setTimeout(stop, ONCE_MS).unref();
  return controller.signal;
}

/** Resolves when the signal aborts. Keeps the process alive until then, which a metrics endpoint does not. */
export async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const alive = setInterval(() => {}, 60_000);
  await new Promise((resolve) => signal.addEventListener('abort', resolve));
  clearInterval(alive);
}

/** Prints the lines of a scrape whose names begin with one of `names`, as Prometheus would get them. */
export async function printScrape(url: string, names: readonly string[]): Promise<void> {
  const text = await (await fetch(url)).text();
  console.log(`what a scrape of ${url} says now:`);
  for (const line of text.split('\n')) if (names.some((name) => line.startsWith(name))) console.log(`  ${line}`);
}
