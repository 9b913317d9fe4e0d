import { AlertmanagerNotifier, type NotifierOptions, WebhookNotifier } from 'ringmeter';
import t from 'tap';
import { textOf, until } from '../instruments/support';
import { type Answer, receive, status } from '../storages/receiver';
import { serve, toldTo, warnings } from './service';

// each mostly waits
t.jobs = 4;

const FAST = { retry: { firstDelay: 20, longestDelay: 40 } };

t.test(
  'a webhook receives each firing and each resolved alert once, in the format of Alertmanager webhooks',
  async (t) => {
    const hook = await receive(t, status(200));
    const { load, told } = serve(t, {
      notifiers: [new WebhookNotifier({ url: `${hook.url}/x?token=1`, bearerToken: 'secret', ...FAST })],
      defaultLabels: { service: 'shop', job: 'none' },
    });
    load(7);
    load(8, 'web');
    await until('it is told', () => toldTo(hook.requests).length === 2);
    load(1, 'web');
    await until('it is resolved', () => toldTo(hook.requests).length === 3);
    await new Promise((resolve) => setTimeout(resolve, 300));
    t.same(toldTo(hook.requests).sort(), ['firing api', 'firing web', 'resolved web']);
    t.same(told().sort(), ['firing api', 'firing web', 'resolved web']);
    const [{ path, headers, body }] = hook.requests;
    t.equal(path, '/x?token=1');
    t.match(headers, { authorization: 'Bearer secret', 'content-type': 'application/json' });
    const message = JSON.parse(String(body));
    t.match(message, { version: '4', status: 'firing', receiver: 'webhook', truncatedAlerts: 0 });
    t.match(message.commonLabels, { alertname: 'High', severity: 'page', service: 'shop' });
    t.match(message.alerts[0], {
      status: 'firing',
      labels: { alertname: 'High', service: 'shop' },
      annotations: { summary: /^(api at 7|web at 8)$/ },
      endsAt: '0001-01-01T00:00:00Z',
      fingerprint: /^[0-9a-f]{16}$/,
    });
  },
);

t.test(
  'a webhook that is down, slow, broken or busy gets the notification in the end, with the retries of storages',
  async (t) => {
    const said = warnings(t);
    const answers: Answer[] = [
      (response) => response.destroy(),
      () => {},
      status(500, 'broken'),
      status(429, '', { 'retry-after': '0' }),
    ];
    const hook = await receive(t, (response, request, count) =>
      (answers[count - 1] ?? status(200))(response, request, count),
    );
    // without workers, so that this thread hears of warnings
    const { collector, load } = serve(t, {
      flushWorkers: 0,
      notifiers: [new WebhookNotifier({ url: hook.url, ...FAST, timeout: 1_000 })],
    });
    load(7);
    await until('it is tried until it is taken', () => hook.requests.length >= 5);
    t.same(new Set(toldTo(hook.requests)), new Set(['firing api']));
    await until('it is known', async () =>
      /notifications_sent_total\{notifier="webhook"\} 1\n/.test(await textOf(collector)),
    );
    const text = await textOf(collector);
    const counted = (what: string) =>
      Number(new RegExp(`notifications_${what}_total\\{notifier="webhook"\\} (.*)`).exec(text)![1]);
    // more if this machine is so busy that an answer comes too late
    t.ok(counted('failures') >= 4);
    t.equal(counted('retries'), counted('failures'));
    t.equal(counted('dropped') + counted('rejected'), 0);
    t.match(text, /ringmeter_rule_evaluations_total\{rule_group="loads"\} [1-9]/);
    t.match(said.join('\n'), /RINGMETER_NOTIFICATION_FAILED notifier webhook: .*retried/);
  },
);

t.test('a notification that a webhook refuses permanently is not sent again, and the next one is sent', async (t) => {
  const said = warnings(t);
  const hook = await receive(t, (response, _, count) => void response.writeHead(count === 1 ? 400 : 200).end('no'));
  const { load } = serve(t, {
    flushWorkers: 0,
    notifiers: [new WebhookNotifier({ url: hook.url, name: 'hook', ...FAST })],
  });
  load(7);
  await until('it is refused', () => hook.requests.length === 1);
  load(1);
  await until('it is told', () => hook.requests.length === 2);
  t.same(toldTo(hook.requests), ['firing api', 'resolved api']);
  await until('it is warned', () =>
    said.some((text) => /notifier hook: a notification was refused and is not sent again: .*400/.test(text)),
  );
});

t.test('an alert is sent to an Alertmanager repeatedly, until 15 minutes after it was resolved', async (t) => {
  const manager = await receive(t, status(200));
  const { load } = serve(t, {
    notifiers: [new AlertmanagerNotifier({ url: `${manager.url}/root/`, resendInterval: 200, ...FAST })],
    defaultLabels: { service: 'shop' },
  });
  load(7);
  await until('it is told again', () => manager.requests.length >= 3);
  load(1);
  const ends = () =>
    manager.requests.map(({ body }) => {
      const [{ startsAt, endsAt, labels }] = JSON.parse(String(body));
      return {
        labels,
        lasts: Date.parse(endsAt) - Date.parse(startsAt),
        over: Date.parse(endsAt) <= Date.now(),
        endsAt,
      };
    });
  await until(
    'it is told the end again',
    () =>
      new Set(
        ends()
          .slice(-2)
          .map(({ endsAt }) => endsAt),
      ).size === 1,
  );
  const [first] = ends();
  t.equal(manager.requests[0].path, '/root/api/v2/alerts');
  t.equal(first.labels.service, 'shop');
  t.ok(first.lasts >= 800, 'it ends by itself four intervals after it was sent');
});

t.test(
  'silenced alerts reach no notifier before the silence ends, and callbacks see that they are silenced',
  async (t) => {
    const hook = await receive(t, status(200));
    const { collector, load, told, changes } = serve(t, {
      notifiers: [new WebhookNotifier({ url: hook.url, ...FAST })],
    });
    const id = collector.silence({ matchers: { job: 'api' }, until: Date.now() + 60_000, comment: 'deploying' });
    const matchers = [{ name: 'job', operator: '=~', value: 'w.*' } as const];
    const web = collector.silence({ matchers, from: Date.now() - 10, until: new Date(Date.now() + 60_000) });
    load(7);
    load(7, 'web');
    load(7, 'other');
    await until('all fire', () => told().length === 3);
    t.same(collector.alerts().find(({ labels }) => labels.job === 'api')?.silencedBy, [id]);
    t.ok(changes.every(({ labels, silencedBy }) => silencedBy.length === (labels.job === 'other' ? 0 : 1)));
    await until('the third is told', () => toldTo(hook.requests).length === 1);
    collector.silence({ matchers, until: Date.now() + 300 });
    collector.unsilence(web);
    await until('the time of one is over', () => toldTo(hook.requests).length === 2);
    t.same(toldTo(hook.requests), ['firing other', 'firing web']);
    t.equal(collector.unsilence(id), true);
    t.equal(collector.unsilence(id), false);
    await until('the other is ended', () => toldTo(hook.requests).length === 3);
    t.equal(toldTo(hook.requests)[2], 'firing api');
  },
);

t.test('an alert that was silenced from beginning to end is never sent', async (t) => {
  const hook = await receive(t, status(200));
  const { collector, load, told } = serve(t, { notifiers: [new WebhookNotifier({ url: hook.url, ...FAST })] });
  const id = collector.silence({ matchers: { alertname: 'High' }, until: Date.now() + 60_000 });
  load(7);
  await until('it fires', () => told().length === 1);
  load(1);
  await until('it is resolved', () => told().length === 2);
  collector.unsilence(id);
  await new Promise((resolve) => setTimeout(resolve, 300));
  t.same(hook.requests, []);
});

t.test('wrong silences and notifiers are refused', async (t) => {
  const { collector } = serve(t, {});
  const until = Date.now() + 1_000_000;
  t.throws(() => collector.onAlert(3 as never), {
    code: 'RINGMETER_INVALID_OPTION',
    message: /must be a function, got 3/,
  });
  const large = { matchers: { a: 'x'.repeat(2 ** 20) }, until };
  t.throws(() => collector.silence(large), { code: 'RINGMETER_OUT_OF_MEMORY' });
  for (const [given, message] of [
    [{ matchers: {}, until }, /needs matchers/],
    [{ matchers: 'job', until }, /must be an object or an array/],
    [{ matchers: { a: 1 }, until }, /a matcher must be/],
    [{ matchers: [{ name: 'a', value: '(', operator: '=~' }], until }, /not a valid regular expression/],
    [{ matchers: { a: 'b' } }, /until of a silence must be/],
    [{ matchers: { a: 'b' }, until: 5 }, /must be later than from/],
    [{ matchers: { a: 'b' }, until, why: 'x' }, /no other options/],
  ] as const)
    t.throws(() => collector.silence(given as never), { code: 'RINGMETER_INVALID_OPTION', message });
  for (const [given, message] of [
    [{}, /url of WebhookNotifier/],
    [{ url: 'ftp://x' }, /http or https/],
    [{ url: 'http://x', resendInterval: -1 }, /resendInterval/],
    [{ url: 'http://x', resolveOnClose: 1 }, /resolveOnClose/],
    [{ url: 'http://x', interval: 5 }, /no other options/],
  ] as const)
    t.throws(() => new WebhookNotifier(given as NotifierOptions), { code: 'RINGMETER_INVALID_OPTION', message });
  t.throws(() => new AlertmanagerNotifier({ url: 'http://x', resendInterval: 0 }), { message: /from 1/ });
});

t.test(
  'a collector that closes while a notifier is unreachable closes in time, and warns of undelivered notifications',
  async (t) => {
    const said = warnings(t);
    const hook = await receive(t, status(200));
    const { collector, load, told } = serve(t, { notifiers: [new WebhookNotifier({ url: hook.url, ...FAST })] });
    load(7);
    await until('it is told', () => hook.requests.length === 1);
    await until('the callback is called', () => told().length === 1);
    await hook.close();
    const start = performance.now();
    await collector.close({ timeout: 5_000 });
    t.ok(performance.now() - start < 5_500);
    // each attempt that fails is told by the thread that made it, before or after this
    const left = /^RINGMETER_STORAGE_FAILED last flush, webhook: 1 notifications are undelivered: POST .* failed/;
    await until('it is said what is left', () => said.some((one) => left.test(one)));
  },
);

t.test('closing resolves alerts at a webhook, and at an Alertmanager only with resolveOnClose', async (t) => {
  const url = 'http://127.0.0.1:9093';
  t.equal(new WebhookNotifier({ url }).description.resolveOnClose, true);
  t.equal(new AlertmanagerNotifier({ url }).description.resolveOnClose, false);
  t.equal(new AlertmanagerNotifier({ url, resolveOnClose: true }).description.resolveOnClose, true);
});
