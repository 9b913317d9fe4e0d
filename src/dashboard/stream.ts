import { messageOf } from '../common/errors';
import { onAbort } from '../common/on-abort';
import { inRootContext } from '../common/root-context';
import { Busy } from '../endpoint/busy';
import type { Exchange } from '../endpoint/exchange';
import { SECURITY_HEADERS } from './headers';
import { pointsAt } from './points';
import type { Reporter } from './reporter';
import { documentText, pointsText, stallsText } from './texts';

/** Clients of the stream on one thread. */
export const MOST_STREAMS = 32;
/** Milliseconds between two documents, and between two looks for stalls. */
const INTERVAL_MS = 1_000;
const LOOK_MS = 200;
/** A silent stream gets a comment after so long, as keep-alive for its client and for proxies. */
const SILENCE_MS = 5_000;
/** How long the live history is kept after the last viewer has left. */
const MEMORY_MS = 120_000;

const HEADERS = {
  ...SECURITY_HEADERS,
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-store',
  // tells proxies not to buffer the stream
  'X-Accel-Buffering': 'no',
};

/** A client. Back-pressure: at most one event is unread; further events are skipped meanwhile. */
interface Viewer {
  exchange: Exchange;
  isBehind: boolean;
}

/**
 * Sends documents as server-sent events; each is made once for all clients, and none without clients. A client that
 * reads nothing for as long as any endpoint allows is disconnected.
 */
export class DashboardStream {
  private readonly viewers = new Set<Viewer>();
  private readonly timers: NodeJS.Timeout[] = [];
  private forgetting: NodeJS.Timeout | undefined;
  private isMaking = false;
  private lastSent = 0;

  constructor(private readonly reporter: Reporter) {}

  /** @throws Busy if there are too many */
  add(exchange: Exchange): void {
    if (this.viewers.size >= MOST_STREAMS)
      throw new Busy(`${MOST_STREAMS} streams are open, the most that are allowed`);
    const { request, response, signal } = exchange;
    response.writeHead(200, HEADERS);
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    // streams must not keep the process alive
    request.socket.unref();
    const viewer = { exchange, isBehind: false };
    this.viewers.add(viewer);
    onAbort(signal, () => this.remove(viewer));
    exchange.progress();
    this.write(viewer, `retry: 1000\n\n${event('stalls', stallsText(this.reporter.stalls.all))}`);
    if (this.viewers.size === 1) inRootContext(() => this.start());
    void this.send();
  }

  /** Ends all streams. */
  hangUp(): void {
    for (const { exchange } of this.viewers) exchange.response.end();
    this.viewers.clear();
    this.stop();
  }

  /** Ends them for good. */
  end(): void {
    this.hangUp();
    clearTimeout(this.forgetting);
    this.reporter.live.forget();
  }

  private start(): void {
    clearTimeout(this.forgetting);
    const every = (milliseconds: number, act: () => void): unknown =>
      this.timers.push(setInterval(act, milliseconds).unref());
    every(INTERVAL_MS, () => void this.send());
    every(LOOK_MS, () => this.look());
  }

  private remove(viewer: Viewer): void {
    this.viewers.delete(viewer);
    if (this.viewers.size === 0) this.stop();
  }

  private stop(): void {
    for (const timer of this.timers.splice(0)) clearInterval(timer);
    clearTimeout(this.forgetting);
    this.forgetting = setTimeout(() => this.reporter.live.forget(), MEMORY_MS).unref();
  }

  private async send(): Promise<void> {
    if (this.isMaking) return;
    this.isMaking = true;
    try {
      const document = await this.reporter.document();
      const points = await pointsAt(this.reporter, document);
      this.broadcast(event('dashboard', documentText(document)) + event('points', pointsText(points)));
    } catch (error) {
      this.broadcast(event('problem', JSON.stringify({ message: messageOf(error) })));
    } finally {
      this.isMaking = false;
    }
  }

  private look(): void {
    if (this.reporter.stalls.look(Date.now())) this.broadcast(event('stalls', stallsText(this.reporter.stalls.all)));
    else if (performance.now() - this.lastSent > SILENCE_MS) this.broadcast(': alive\n\n');
  }

  private broadcast(text: string): void {
    this.lastSent = performance.now();
    const bytes = Buffer.from(text);
    for (const viewer of this.viewers) if (!viewer.isBehind) this.write(viewer, bytes);
  }

  private write(viewer: Viewer, text: string | Uint8Array): void {
    const { exchange } = viewer;
    viewer.isBehind = true;
    exchange.response.write(text, (error) => {
      viewer.isBehind = false;
      if (!error && !exchange.over) exchange.progress();
    });
  }
}

/** The data are JSON: they have no line breaks. */
function event(name: string, data: string): string {
  return `event: ${name}\ndata: ${data}\n\n`;
}
