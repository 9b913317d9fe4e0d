import { Agent, get } from 'node:http';

/** An answer and how long it took. */
export interface Timed {
  /** Wall clock, milliseconds. */
  began: number;
  milliseconds: number;
  body: string;
}

const agent = new Agent({ keepAlive: true });

/** GET, timed to the last byte. */
export function timedGet(url: string): Promise<Timed> {
  const began = Date.now();
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const request = get(url, { agent, timeout: 15_000 }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () => resolve({ began, milliseconds: performance.now() - started, body }));
      response.on('error', reject);
    });
    request.on('timeout', () => request.destroy(new Error(`no answer from ${url}`)));
    request.on('error', reject);
  });
}

/** Closes the connections that are kept. */
export function closeConnections(): void {
  agent.destroy();
}

/** The lines of one name in a scrape. */
export function samples(text: string, name: string): { labels: Record<string, string>; value: number }[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .map((line) => ({
      labels: Object.fromEntries([...line.matchAll(/(\w+)="([^"]*)"/g)].map(([, label, value]) => [label, value])),
      value: Number(line.slice(line.lastIndexOf(' ') + 1)),
    }));
}

/** A quantile of a histogram over some of its series, interpolated as Prometheus' `histogram_quantile` does. */
export function histogramQuantile(text: string, name: string, routes: readonly string[], quantile: number): number {
  const counts = new Map<number, number>();
  for (const { labels, value } of samples(text, `${name}_bucket`)) {
    const bound = labels.le === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels.le);
    if (routes.includes(labels.route)) counts.set(bound, (counts.get(bound) ?? 0) + value);
  }
  const buckets = [...counts].sort(([a], [b]) => a - b);
  const rank = quantile * (buckets.at(-1)?.[1] ?? 0);
  const found = buckets.findIndex(([, count]) => count >= rank);
  const [lower, before] = found > 0 ? buckets[found - 1] : [0, 0];
  const [upper, count] = buckets[found] ?? [Number.NaN, 0];
  return upper === Number.POSITIVE_INFINITY ? lower : lower + ((upper - lower) * (rank - before)) / (count - before);
}
