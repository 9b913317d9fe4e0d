/**
 * A shop's order service: orders by type and status, revenue, and payments that a worker thread makes. The worker
 * records into the same metrics; nothing is passed to it for that.
 *
 *     npm run example:orders              metrics on 9464 (or PORT)
 *     npm run example:orders -- --once    runs for some seconds, shows a scrape, ends
 */
import { once as event } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { CounterMetric, InFlightMetric, MetricsCollector, PerformanceMonitored, TimingMetric } from 'ringmeter';
import type { PaymentRequest, PaymentResult } from './payment-worker';
import { aborted, metricsPort, once, printScrape, stopSignal } from './support/lifecycle';

// Made before the worker is started: that is how the worker finds it.
const collector = new MetricsCollector();

const orders = collector.counter('orders_total', {
  description: 'Orders that came to an end',
  labelNames: ['type', 'status'] as const,
});
const revenue = collector.counter('orders_revenue_euros_total', {
  description: 'Paid for',
  unit: 'euros',
  labelNames: ['type'] as const,
});
const value = collector.histogram('order_value_euros', {
  description: 'What orders are worth',
  unit: 'euros',
  buckets: [10, 25, 50, 100, 250, 500],
});

const TYPES = ['book', 'music', 'gift'] as const;

interface Order {
  id: number;
  type: (typeof TYPES)[number];
  euros: number;
}

/** Sends payments to the worker and finds the order that an answer belongs to. */
class Payments {
  private readonly worker = new Worker(join(__dirname, 'payment-worker.ts'));
  private readonly pending = new Map<number, (paid: boolean) => void>();

  constructor() {
    this.worker.on('message', ({ id, paid }: PaymentResult) => {
      this.pending.get(id)?.(paid);
      this.pending.delete(id);
    });
  }

  pay({ id, euros }: Order): Promise<boolean> {
    const request: PaymentRequest = { id, euros };
    this.worker.postMessage(request);
    return new Promise((resolve) => this.pending.set(id, resolve));
  }

  async close(): Promise<void> {
    this.worker.postMessage('close');
    await event(this.worker, 'exit');
  }
}

class Orders {
  constructor(private readonly payments: Payments) {}

  /** How long it takes, how often it fails and how many are open at a time is recorded by the decorator. */
  @PerformanceMonitored({
    timingMetric: new TimingMetric('order_processing_seconds'),
    errorCounter: new CounterMetric('order_processing_errors_total'),
    inFlightMetric: new InFlightMetric('orders_open'),
  })
  async process({ id, type, euros }: Order): Promise<void> {
    value.observe(euros);
    if (euros > 450) return orders.increment(1, { type, status: 'refused' });
    const paid = await this.payments.pay({ id, type, euros });
    orders.increment(1, { type, status: paid ? 'paid' : 'unpaid' });
    if (paid) revenue.increment(euros, { type });
  }
}

async function playCustomers(service: Orders, stopping: AbortSignal): Promise<void> {
  const running = new Set<Promise<void>>();
  for (let id = 0; !stopping.aborted; id++) {
    const order = { id, type: TYPES[id % TYPES.length], euros: Math.round(5 + Math.random() ** 3 * 495) };
    const processed = service.process(order).finally(() => running.delete(processed));
    running.add(processed);
    await pause(Math.random() * 10);
  }
  await Promise.all(running);
}

async function main(): Promise<void> {
  const payments = new Payments();
  const { url } = await collector.listen({ port: metricsPort });
  const stopping = stopSignal();
  console.log(`metrics  ${url}`);
  await playCustomers(new Orders(payments), stopping);
  await aborted(stopping);
  await payments.close();

  for (const type of TYPES)
    console.log(
      `${type.padEnd(8)} ${orders.getValue({ type, status: 'paid' })} paid, ${revenue.getValue({ type })} EUR`,
    );
  // The worker thread has ended; what it recorded has not.
  console.log(
    `payments ${collector.counter('payments_total').getValue({ outcome: 'paid' })} made by the worker thread`,
  );
  if (once)
    await printScrape(url, [
      'orders_',
      'order_processing_seconds_count',
      'payments_total',
      'payment_duration_seconds_count',
    ]);
  await collector.close();
}

void main();
