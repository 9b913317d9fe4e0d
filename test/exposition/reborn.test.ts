import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'tap';
import { PROMETHEUS_TEXT } from '../../dist/src/exposition/prometheus.js';
import { TextRenderer } from '../../dist/src/exposition/renderer.js';
import { mortal } from '../threads/mortal';

test('a series that reuses the memory of another one since the last scrape is shown with its own labels', async (t) => {
  const { collector, collect, recycle, reborn } = mortal(t);
  const counter = collector.counter('c', { labelNames: ['id'], ttl: 0.02 });
  const kept = new TextRenderer(PROMETHEUS_TEXT);
  let [rendered, replaced] = [0, 0];
  const deadline = performance.now() + 20_000;
  for (let round = 0; replaced < 5 && performance.now() < deadline; round++) {
    const before = reborn();
    // between two scrapes series end, and others begin in their memory: no scrape sees it unused
    for (let step = 0; step < 8; step++) {
      counter.increment(1, { id: `later ${round} ${step}` });
      await sleep(5);
      await collect.snapshot();
      recycle();
    }
    const snapshot = await collect.snapshot();
    const text = Buffer.from(kept.render(snapshot)).toString();
    const anew = Buffer.from(new TextRenderer(PROMETHEUS_TEXT).render(snapshot)).toString();
    if (text !== anew) t.equal(text, anew);
    rendered++;
    if (reborn() > before) replaced++;
  }
  t.ok(replaced >= 5, `in ${replaced} of ${rendered} times some were reborn`);
});
