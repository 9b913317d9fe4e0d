import { test } from 'tap';
import { Slots } from '../../dist/src/query/slots.js';

const never = new AbortController().signal;

test('a limited number of queries run, others wait in order, and more are refused', async (t) => {
  const slots = new Slots(2, 2);
  const order: number[] = [];
  await slots.enter(never);
  await slots.enter(never);
  const waiting = [1, 2].map((one) => slots.enter(never).then(() => order.push(one)));
  await t.rejects(slots.enter(never), { code: 'RINGMETER_QUERY_LIMIT' });
  t.same(order, []);
  slots.leave();
  await waiting[0];
  t.same(order, [1]);
  slots.leave();
  await waiting[1];
  slots.leave();
  slots.leave();
  await Promise.all([slots.enter(never), slots.enter(never)]);
  const last = new AbortController();
  const given = slots.enter(last.signal);
  last.abort(new Error('enough'));
  await t.rejects(given, { message: 'enough' });
});

test('a query that is aborted while it waits takes no slot', async (t) => {
  const slots = new Slots(1, 1);
  await slots.enter(never);
  const controller = new AbortController();
  const given = slots.enter(controller.signal);
  controller.abort(new Error('gone'));
  await t.rejects(given, { message: 'gone' });
  const next = slots.enter(never);
  slots.leave();
  await next;
  controller.abort();
  await t.rejects(slots.enter(controller.signal), { message: 'gone' });
  slots.leave();
  await slots.enter(never);
});
