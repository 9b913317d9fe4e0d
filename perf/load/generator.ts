import { Connection } from './connection';

const CONNECTIONS = 64;
const TICK_MS = 1;
/** Milliseconds that are waited for what is still on its way when the time is over. */
const PATIENCE_MS = 20_000;

/** What the load generator's process is asked for. */
export interface LoadRequest {
  port: number;
  milliseconds: number;
  /** Requests per second; 0: as many as can be answered, over CONNECTIONS connections. */
  rate: number;
}

/** What it saw. */
export interface Load {
  answered: number;
  /** Milliseconds that it took until the last of them was answered. */
  took: number;
  /** Milliseconds, from the moment at which each request was due, whether or not a connection was free for it; only with a rate. */
  latencies: number[];
  /** The longest that the generator itself was late with making requests. */
  generatorLate: number;
}

export async function generate(request: LoadRequest): Promise<Load> {
  return request.rate === 0 ? saturate(request) : new OpenLoop(request).run();
}

/** Every connection sends its next request when it has its answer. */
async function saturate({ port, milliseconds }: LoadRequest): Promise<Load> {
  let answered = 0;
  let waiting = CONNECTIONS;
  let done = (): void => {};
  const all = new Promise<void>((resolve) => {
    done = resolve;
  });
  const began = performance.now();
  const deadline = began + milliseconds;
  const connections = await openAll(port, (connection) => {
    answered++;
    if (performance.now() < deadline) connection.send();
    else if (--waiting === 0) done();
  });
  for (const connection of connections) connection.send();
  await all;
  const took = performance.now() - began;
  for (const connection of connections) connection.end();
  return { answered, took, latencies: [], generatorLate: 0 };
}

function openAll(port: number, onAnswer: (connection: Connection) => void): Promise<Connection[]> {
  return Promise.all(Array.from({ length: CONNECTIONS }, () => Connection.open(port, onAnswer)));
}

/**
 * Makes requests at a constant rate, however long the answers take: what waits for a connection waits in the account of
 * the server (no coordinated omission). Requests are made in the ticks of a timer; if the generator itself comes late,
 * that is told apart and not counted as the server's.
 */
class OpenLoop {
  /** When the requests were due that have not been sent yet, and from which of them on. */
  private readonly due: number[] = [];
  private sent = 0;
  private readonly free: Connection[] = [];
  private readonly sentFor = new Map<Connection, number>();
  private readonly latencies: number[] = [];
  private late = 0;

  constructor(private readonly request: LoadRequest) {}

  async run(): Promise<Load> {
    const { port, milliseconds, rate } = this.request;
    const connections = await openAll(port, (connection) => this.answered(connection));
    this.free.push(...connections);
    const total = Math.round((rate * milliseconds) / 1000);
    await this.make(total, rate);
    const began = performance.now();
    while (this.latencies.length < total && performance.now() < began + PATIENCE_MS) await tick();
    const answered = this.latencies.length;
    this.countUnanswered();
    for (const connection of connections) connection.end();
    return { answered, took: milliseconds, latencies: this.latencies, generatorLate: this.late };
  }

  private async make(total: number, rate: number): Promise<void> {
    const began = performance.now();
    let last = began;
    while (this.due.length < total) {
      await tick();
      const now = performance.now();
      this.late = Math.max(this.late, now - last - TICK_MS);
      last = now;
      const wanted = Math.min(Math.floor(((now - began) * rate) / 1000), total);
      while (this.due.length < wanted) this.due.push(now);
      this.send();
    }
  }

  private send(): void {
    while (this.sent < this.due.length) {
      const connection = this.free.pop();
      if (connection === undefined) return;
      this.sentFor.set(connection, this.due[this.sent++]);
      connection.send();
    }
  }

  private answered(connection: Connection): void {
    this.latencies.push(performance.now() - this.sentFor.get(connection)!);
    this.sentFor.delete(connection);
    this.free.push(connection);
    this.send();
  }

  /** With the time that they have waited so far. */
  private countUnanswered(): void {
    const now = performance.now();
    for (const due of [...this.sentFor.values(), ...this.due.slice(this.sent)]) this.latencies.push(now - due);
  }
}

function tick(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, TICK_MS));
}
