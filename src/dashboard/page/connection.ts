import type { DashboardDocument } from '#dashboard/document';
import type { ChartValues } from '#dashboard/points';
import type { Stall } from '#dashboard/stalls';

export type ConnectionState = 'connecting' | 'live' | 'reconnecting' | 'failed';

export interface Listeners {
  document(document: DashboardDocument): void;
  points(points: ChartValues): void;
  stalls(stalls: Stall[]): void;
  state(state: ConnectionState, text: string): void;
  /** Called when the stream is open, also again: request the history before it. */
  opened(): void;
}

const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 10_000;
/** Milliseconds after which a hidden page closes its stream, so that it costs the server nothing. */
const HIDDEN_MS = 30_000;

/** The stream of events. It is opened again whenever it breaks. */
export class Connection {
  private source: EventSource | undefined;
  private delay = FIRST_DELAY_MS;
  private retry = 0;
  private hiding = 0;

  constructor(private readonly listeners: Listeners) {
    document.addEventListener('visibilitychange', () => this.visibility());
    addEventListener('pagehide', () => this.source?.close());
    this.open();
  }

  private open(): void {
    clearTimeout(this.retry);
    this.source?.close();
    const source = new EventSource('dashboard/stream');
    this.source = source;
    source.onopen = () => {
      this.delay = FIRST_DELAY_MS;
      this.listeners.state('live', 'Live');
      this.listeners.opened();
    };
    source.onerror = () => this.lost(source);
    listen<DashboardDocument>(source, 'dashboard', (document) => {
      this.listeners.state('live', 'Live');
      this.listeners.document(document);
    });
    listen<ChartValues>(source, 'points', (points) => this.listeners.points(points));
    listen<Stall[]>(source, 'stalls', (stalls) => this.listeners.stalls(stalls));
    listen<{ message: string }>(source, 'problem', ({ message }) => this.listeners.state('failed', message));
  }

  /** An EventSource reconnects by itself only after a broken connection, not after a refusal. */
  private lost(source: EventSource): void {
    this.listeners.state('reconnecting', 'Reconnecting…');
    if (source.readyState !== EventSource.CLOSED) return;
    this.retry = setTimeout(() => this.open(), this.delay);
    this.delay = Math.min(this.delay * 2, LONGEST_DELAY_MS);
  }

  private visibility(): void {
    clearTimeout(this.hiding);
    if (document.visibilityState === 'hidden')
      this.hiding = setTimeout(() => {
        clearTimeout(this.retry);
        this.source?.close();
        this.source = undefined;
      }, HIDDEN_MS);
    else if (this.source === undefined) this.open();
  }
}

function listen<T>(source: EventSource, name: string, act: (data: T) => void): void {
  source.addEventListener(name, ({ data }: MessageEvent<string>) => act(JSON.parse(data)));
}
