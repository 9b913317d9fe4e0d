/** The worker thread of order-service.ts: makes payments and records them. */

import { setTimeout as pause } from 'node:timers/promises';
import { parentPort } from 'node:worker_threads';
import { getMetricsCollector } from 'ringmeter';

export interface PaymentRequest {
  id: number;
  euros: number;
}
export interface PaymentResult {
  id: number;
  paid: boolean;
}

// In a worker thread this is the collector of the thread that started it.
const collector = getMetricsCollector();
const payments = collector.counter('payments_total', {
  description: 'Payments by their outcome',
  labelNames: ['outcome'] as const,
});
const paid = payments.labels({ outcome: 'paid' });
const failed = payments.labels({ outcome: 'failed' });
const duration = collector.histogram('payment_duration_seconds', {
  description: 'Time the payment provider took',
  unit: 'seconds',
});

/** What a payment provider would do. */
async function charge(euros: number): Promise<boolean> {
  await pause(5 + Math.random() * 40);
  return Math.random() > 0.05 + euros / 5_000;
}

parentPort?.on('message', async (message: PaymentRequest | 'close') => {
  if (message === 'close') return parentPort?.close();
  const success = await duration.time(() => charge(message.euros));
  (success ? paid : failed).increment();
  const result: PaymentResult = { id: message.id, paid: success };
  parentPort?.postMessage(result);
});
