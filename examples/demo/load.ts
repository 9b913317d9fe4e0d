/**
 * The load generator, in a process of its own so that it goes on while the service is blocked.
 *
 * It works in rounds of a fixed number of requests: a round ends when all of them are answered, so there is never a
 * request that was sent and not counted.
 */
import autocannon from 'autocannon';
import { LOAD_ROUTES, type LoadProgress } from './messages';

const CONNECTIONS = 16;
const ROUND_SECONDS = 0.5;

const progress: LoadProgress = { answered: 0, failed: 0, done: false };
let stopping = false;

function round(url: string, amount: number): Promise<void> {
  const options = {
    url,
    connections: CONNECTIONS,
    amount,
    sampleInt: 20, // how soon it notices that it is done
    requests: LOAD_ROUTES.map((path) =>
      path === '/orders'
        ? { method: 'POST' as const, path, body: '{"item":"book","count":2}' }
        : { method: 'GET' as const, path },
    ),
  };
  return new Promise((resolve, reject) => {
    const running = autocannon(options, (error: Error | null) => (error ? reject(error) : resolve()));
    running.on('response', () => {
      progress.answered++;
    });
    running.on('reqError', () => {
      progress.failed++;
    });
  });
}

async function main(): Promise<void> {
  const report = setInterval(() => process.send?.(progress), 100);
  for (let amount = 800; !stopping; ) {
    const began = performance.now();
    await round(process.argv[2], amount);
    const seconds = (performance.now() - began) / 1000;
    amount = Math.min(Math.max(Math.round((amount / seconds) * ROUND_SECONDS), CONNECTIONS), amount * 2);
  }
  clearInterval(report);
  process.send?.({ ...progress, done: true }, () => process.disconnect());
}

process.on('SIGINT', () => {});
process.once('message', () => {
  stopping = true;
});
process.once('disconnect', () => process.exit());
void main();
