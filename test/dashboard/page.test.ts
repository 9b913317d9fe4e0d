import autocannon from 'autocannon';
import type { Page } from 'playwright-core';
import type { DashboardDocument } from 'ringmeter';
import t, { type Test } from 'tap';
import { IDLE_HEARTBEAT_MS } from '../../dist/src/instruments/recorder';
import { needs, poll } from '../engines/engine';
import { barriers, type Chart, chart, launch, open, Service } from './browser';

const AMOUNT = 630;
const PER_SECOND = 200;
const CONNECTIONS = 3;
/** What the chart's rates are taken over, with a snapshot each second. */
const WINDOW_S = 3.5;

/** Load of which it is known exactly what it is: two of three requests are orders. */
async function load(url: string) {
  const requests = ['/order', '/', '/order'].map((path) => ({ path: path as '/' }));
  const answered: number[] = [];
  const options = { url, connections: CONNECTIONS, amount: AMOUNT, overallRate: PER_SECOND, requests };
  const result = await new Promise<autocannon.Result>((resolve, reject) =>
    autocannon(options, (error, result) => (error ? reject(error) : resolve(result))).on('response', () =>
      answered.push(performance.now()),
    ),
  );
  return { ...result, fastest: mostWithin(1_000, answered), slowest: AMOUNT / (result.duration + WINDOW_S) };
}

/** How many of the times, which rise, lie within so many milliseconds at most. */
function mostWithin(milliseconds: number, times: readonly number[]): number {
  return Math.max(
    ...times.map((from, at) => times.filter((time, other) => other >= at && time < from + milliseconds).length),
  );
}

const text = async (page: Page, selector: string): Promise<string> => (await page.textContent(selector))?.trim() ?? '';

/** The sum of a rate over time: what was counted. */
function integral({ times, lines }: Chart, name: string, from: number): number {
  return times.reduce((sum, time, at) => {
    const value = lines[name]?.[at] ?? 0;
    return time < from || at === 0 ? sum : sum + value * (time - times[at - 1]);
  }, 0);
}

/** The longest time between two points, in seconds; 1 at least. */
function longestStep({ times }: Chart, from: number): number {
  return Math.max(1, ...times.map((time, at) => (time < from || at === 0 ? 0 : time - times[at - 1])));
}

async function run(page: Page, expression: string): Promise<void> {
  await page.fill('#panel-query input[type=text]', expression);
  await page.press('#panel-query input[type=text]', 'Enter');
}

async function showsNumbers(t: Test, page: Page, service: Service): Promise<void> {
  const live = async () => (await text(page, '#status')) === 'Live';
  await poll('the page is live', live);
  await poll('there are snapshots each second', async () => {
    const document = (await (await fetch(`${service.endpoint}dashboard.json`)).json()) as DashboardDocument;
    return document.application.windowSeconds === WINDOW_S;
  });
  const began = Date.now() / 1000;
  const result = await load(service.url);
  t.equal(result['2xx'], AMOUNT);
  await poll('all orders are shown', async () => (await text(page, '#business .tile .value')).startsWith('420'));
  const quiet = async () => {
    const { lines } = await chart(page, 'requests');
    return lines.requests.at(-1) === 0;
  };
  await poll('the load is over on the chart as well', quiet);
  const requests = await chart(page, 'requests');
  const counted = integral(requests, 'requests', began - 3);
  // with points that are further apart than a second, what is below the line is known less well
  const tolerance = 0.1 * longestStep(requests, began - 3);
  t.ok(Math.abs(counted / AMOUNT - 1) < tolerance, `${counted} requests below the line, ${AMOUNT} were made`);
  const most = Math.max(...requests.lines.requests.map(Number));
  // a busy machine makes fewer requests a second than it is asked for, or many at once
  const { slowest, fastest } = result;
  t.ok(most > slowest && most < (fastest + CONNECTIONS) * 1.1, `at most ${most} a second, of ${slowest} to ${fastest}`);
  t.ok(
    requests.lines.errors.every((value) => !value),
    'none failed',
  );
  const latency = await chart(page, 'latency');
  const p50 = latency.lines.p50.filter((value) => value !== null);
  t.ok(
    p50.every((value) => value * 1000 < result.latency.p97_5 * 2 + 10) && p50.length > 3,
    'latencies as they were seen',
  );
  const heatmap = await chart(page, 'heatmap');
  const all = integral(heatmap, '+Inf', began - 3);
  t.ok(Math.abs(all / AMOUNT - 1) < 0.1 * longestStep(heatmap, began - 3), `${all} in the heat map`);
  await page.check('input[name=query-shape][value=table]', { force: true });
  await run(page, 'sort(sum by (route) (http_requests_total))');
  const rows = () => page.$$eval('#panel-query tbody tr', (all) => all.map((row) => row.textContent).join());
  await poll('there is a table', async () => (await rows()) !== '');
  t.equal(await rows(), '{route="/"}210,{route="/order"}420', 'exactly');
}

async function goesOn(t: Test, page: Page, service: Service): Promise<void> {
  const newest = async () => (await chart(page, 'requests')).times.at(-1)!;
  const before = await newest();
  const pixels = () => page.locator('#panel-requests canvas').screenshot();
  const asked = Date.now();
  const goOn = service.stall(t);
  await poll('the banner is there', () => page.locator('#banner').isVisible());
  const first = { shown: await text(page, '#banner b'), pixels: await pixels() };
  t.match(first.shown, /^Thread main has been stalled for \d+\.\d s\.$/);
  await poll('it counts', async () => (await text(page, '#banner b')) !== first.shown);
  await poll('charts move', async () => !(await pixels()).equals(first.pixels));
  await poll('there are new numbers', async () => (await newest()) > before);
  t.match(await text(page, '#status'), /a thread is stalled/);
  t.match(await text(page, '#announcer'), /Thread main is stalled/);
  const stalled = await goOn();
  await poll('the banner has gone', () => page.locator('#banner').isHidden());
  const heard = Date.now();
  t.match(await text(page, '#announcer'), /goes on after \d+\.\d seconds/);
  const [{ from, to }] = (await page.evaluate('ringmeter.store.stalls')) as { from: number; to: number }[];
  t.ok(from > asked - IDLE_HEARTBEAT_MS - 50 && from < stalled.from + 50, `a band from ${from - stalled.from} ms`);
  t.ok(to > stalled.to - 50 && to <= heard, `to ${to - stalled.to} ms`);
}

async function takesKeys(t: Test, page: Page): Promise<void> {
  const input = page.locator('#panel-query input[type=text]');
  await run(page, 'vector(1)');
  await run(page, 'vector(2)');
  await input.fill('vec');
  const recalled: string[] = [];
  for (const key of ['ArrowUp', 'ArrowUp', 'ArrowDown', 'ArrowDown', 'ArrowDown']) {
    await input.press(key);
    recalled.push(await input.inputValue());
  }
  t.same(recalled, ['vector(2)', 'vector(1)', 'vector(2)', 'vec', 'vec']);
  await page.locator('input[name=range]:checked').focus();
  await page.keyboard.press('ArrowLeft');
  t.equal(await page.locator('input[name=range]:checked').inputValue(), '5', 'the range');
  await page.locator('input[name=theme]:checked').focus();
  const ground = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
  const before = await ground();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  t.equal(await page.locator('input[name=theme]:checked').inputValue(), 'dark', 'the colours');
  t.not(await ground(), before);
  await page.locator('#panel-requests summary').press('Enter');
  await poll('a chart is a table as well', async () => (await page.locator('#panel-requests tbody tr').count()) === 20);
  await page.locator('#panel-requests summary').press('Enter');
}

async function tellsErrors(t: Test, page: Page): Promise<void> {
  await run(page, 'sum(rate(x[1m])');
  await poll('the error is there', async () => (await text(page, '#panel-query .fault')).includes('character'));
  t.match(await text(page, '#panel-query .fault pre'), /\n +\^$/, 'and its place');
}

async function comesAgain(t: Test, page: Page, service: Service): Promise<void> {
  service.close();
  await poll('it says so', async () => (await text(page, '#status')) === 'Reconnecting…');
  await service.reopen();
  await poll('it is live again', async () => (await text(page, '#status')) === 'Live');
  const count = (await chart(page, 'requests')).times.at(-1)!;
  await poll('it goes on', async () => (await chart(page, 'requests')).times.at(-1)! > count);
  t.pass();
}

t.test('the page shows the current figures in a browser', needs('chromium'), async (t) => {
  const [browser, service] = await Promise.all([launch(t), Service.start(t)]);
  const { page, requests, complaints } = await open(t, browser, service.endpoint, { colorScheme: 'light' });
  await t.test('the numbers of the page are those of the load', (t) => showsNumbers(t, page, service));
  await t.test('the page is updated while the thread is blocked, and shows the stall', (t) => goesOn(t, page, service));
  await t.test('the page can be used with the keyboard', (t) => takesKeys(t, page));
  await t.test('the page passes the accessibility rules in each colour scheme and size', async (t) => {
    t.same(await barriers(page), [], 'dark');
    await page.check('input[name=theme][value=light]', { force: true });
    t.same(await barriers(page), [], 'light');
    const small = await open(t, browser, service.endpoint, { viewport: { width: 360, height: 740 } });
    await poll('it is live', async () => (await text(small.page, '#status')) === 'Live');
    await poll('charts are drawn', async () => (await small.page.locator('#panel-requests canvas').count()) === 1);
    t.same(await barriers(small.page), [], 'small');
    t.ok(Number(await small.page.evaluate('document.documentElement.scrollWidth')) <= 360, 'nothing is cut off');
    t.same(small.complaints, []);
  });
  await t.test('the page sends no request to another origin and logs no error', async (t) => {
    t.same(
      requests.filter((url) => !url.startsWith(service.endpoint) && !url.startsWith('data:')),
      [],
    );
    t.ok(requests.length > 30);
    t.same(complaints, []);
  });
  await t.test('a wrong expression is shown with the place of the error', (t) => tellsErrors(t, page));
  await t.test('the page reconnects when the endpoint is back', (t) => comesAgain(t, page, service));
});
