import { test } from 'tap';
import { flood } from '../instruments/flood';

test('ten million different label sets take bounded memory, and do not slow recording down', {
  timeout: 300_000,
}, async (t) => {
  const began = performance.now();
  await flood(t, 10_000_000);
  t.comment(`${((performance.now() - began) / 1_000).toFixed(1)} s`);
});
