import { once } from 'node:events';
import type { Server as HttpServer } from 'node:http';
import { type AddressInfo, connect, type Server as NetServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MetricsCollector } from 'ringmeter';
import type { Test } from 'tap';
import { samplesOf } from '../instruments/support';

/** Opens a server of any kind on a free port until the test ends. @returns the port */
export async function listening(t: Test, server: NetServer): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    (server as Partial<HttpServer>).closeAllConnections?.();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** The samples of one metric, by their labels as they are shown. */
export async function shown(collector: MetricsCollector, metric: string): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const [series, value] of await samplesOf(collector)) {
    const [name, labels = ''] = series.split(/(?=\{)/, 2);
    if (name === metric) found[labels.replace(/[{}"]/g, '')] = value;
  }
  return found;
}

export const sum = (values: Record<string, number>): number => Object.values(values).reduce((all, one) => all + one, 0);

/** The same, as soon as nothing is in flight any more and so many requests have ended. */
export async function shownAfter(
  collector: MetricsCollector,
  requests: number,
  metric = 'http_requests_total',
): Promise<Record<string, number>> {
  const ended = () => shown(collector, 'http_requests_total');
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; await sleep(5)) {
    const { '': inFlight } = await shown(collector, 'http_requests_in_flight');
    if (inFlight === 0 && sum(await ended()) >= requests) break;
  }
  const total = sum(await ended());
  const left = (await shown(collector, 'http_requests_in_flight'))[''];
  if (total !== requests || left !== 0)
    throw new Error(`${total} of ${requests} requests ended, ${left} in flight: ${JSON.stringify(await ended())}`);
  return shown(collector, metric);
}

/** A connection on which a test writes and reads what it likes. */
export class Raw {
  received = '';

  private constructor(readonly socket: Socket) {
    socket.setEncoding('latin1').on('data', (text: string) => {
      this.received += text;
    });
    socket.on('error', () => {});
  }

  static async open(t: Test, port: number): Promise<Raw> {
    const socket = connect(port, '127.0.0.1');
    t.teardown(() => socket.destroy());
    await once(socket, 'connect');
    return new Raw(socket);
  }

  /** Writes the head of a request, whose lines are given, and what comes after it. */
  send(lines: readonly string[], body = ''): void {
    this.socket.write(`${[...lines, 'Host: localhost'].join('\r\n')}\r\n\r\n${body}`);
  }

  /** Waits until so much was received. */
  async receives(pattern: RegExp): Promise<void> {
    for (const deadline = Date.now() + 20_000; !pattern.test(this.received); await sleep(2))
      if (Date.now() > deadline) throw new Error(`${pattern} did not come: ${this.received}`);
  }
}

/** Waits until something is so. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 20_000; !(await condition()); await sleep(2))
    if (Date.now() > deadline) throw new Error(`waited in vain for ${condition}`);
}
