import { test } from 'tap';
import { Places } from '../../dist/src/query/places.js';

const never = new AbortController().signal;

test('so many have a place, others wait in order, and more are refused', async (t) => {
  const places = new Places(2, 2);
  const order: number[] = [];
  await places.enter(never);
  await places.enter(never);
  const waiting = [1, 2].map((one) => places.enter(never).then(() => order.push(one)));
  await t.rejects(places.enter(never), { code: 'RINGMETER_QUERY_LIMIT' });
  t.same(order, []);
  places.leave();
  await waiting[0];
  t.same(order, [1]);
  places.leave();
  await waiting[1];
  places.leave();
  places.leave();
  await Promise.all([places.enter(never), places.enter(never)]);
  const last = new AbortController();
  const given = places.enter(last.signal);
  last.abort(new Error('enough'));
  await t.rejects(given, { message: 'enough' });
});

test('who gives up waiting takes no place', async (t) => {
  const places = new Places(1, 1);
  await places.enter(never);
  const controller = new AbortController();
  const given = places.enter(controller.signal);
  controller.abort(new Error('gone'));
  await t.rejects(given, { message: 'gone' });
  const next = places.enter(never);
  places.leave();
  await next;
  controller.abort();
  await t.rejects(places.enter(controller.signal), { message: 'gone' });
  places.leave();
  await places.enter(never);
});
