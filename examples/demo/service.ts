/** The demo's service, in a process of its own: examples/http-service.ts as it is. */
import { start } from '../http-service';
import type { ServiceReady } from './messages';

async function main(): Promise<void> {
  const [service, metrics] = process.argv.slice(2).map(Number);
  const { serviceUrl, metricsUrl, stop } = await start({ service, metrics });
  const ready: ServiceReady = { serviceUrl, metricsUrl };
  process.send?.(ready);
  // Ctrl-C reaches every process of the terminal; the demo says when to end
  process.on('SIGINT', () => {});
  process.once('disconnect', () => void stop());
}

void main();
