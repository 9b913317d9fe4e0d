import { LOAD_ROUTES } from './messages';
import { samples, type Timed, timedGet } from './scrape';

const EVERY_MS = 125;

/** Requests that ringmeter has counted on the load generator's routes. */
export function countedIn(scrape: string): number {
  return samples(scrape, 'http_requests_total')
    .filter(({ labels }) => (LOAD_ROUTES as readonly string[]).includes(labels.route))
    .reduce((sum, { value }) => sum + value, 0);
}

/** Asks an address again and again, one request at a time, and keeps the times. */
export class Watch {
  readonly answers: Timed[] = [];
  private asked = 0;
  private running = true;
  private readonly ended: Promise<void>;

  constructor(private readonly url: string) {
    this.ended = this.run();
  }

  /** How long the newest answer took, or how long it has been missing if that is longer. */
  get latency(): { milliseconds: number; waiting: boolean } {
    const newest = this.answers.at(-1)?.milliseconds ?? 0;
    const missing = this.asked === 0 ? 0 : performance.now() - this.asked;
    return missing > Math.max(newest, EVERY_MS)
      ? { milliseconds: missing, waiting: true }
      : { milliseconds: newest, waiting: false };
  }

  async stop(): Promise<void> {
    this.running = false;
    await this.ended;
  }

  private async run(): Promise<void> {
    while (this.running) {
      this.asked = performance.now();
      this.answers.push(await timedGet(this.url));
      const rest = EVERY_MS - (performance.now() - this.asked);
      this.asked = 0;
      if (rest > 0) await new Promise((resolve) => setTimeout(resolve, rest));
    }
  }
}
