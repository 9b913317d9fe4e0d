import { test } from 'tap';
import { start, startAsScript } from './run';

const count = (text: string | undefined): number => Number(text?.replaceAll(',', ''));

/** How long the demo puts load on its service before the block, and again after it. */
const CALM_MS = '1000';

test('the demo answers scrapes while its service is blocked, and counts every request', async (t) => {
  process.env.DEMO_CALM_MS = CALM_MS;
  const demo = start('demo/index.ts', '--once');
  const [, url] = await demo.says(/^metrics {2}(http:.*)$/m);
  t.match(await (await fetch(url)).text(), /^# TYPE http_requests_total counter$/m);

  const { code, output, errors } = await demo.ended;
  t.equal(errors, '');
  t.equal(code, 0, output);
  const answered = count(/says the load generator +([\d,]+)/.exec(output)?.[1]);
  t.ok(answered > 100, `${answered} requests were answered`);
  t.equal(count(/counted, says \/metrics +([\d,]+)/.exec(output)?.[1]), answered);
  const [, during, slowest] = /during the block of .* +(\d+), the slowest took ([\d.]+) ms {2}ok/.exec(output) ?? [];
  t.ok(Number(during) >= 5, `${during} scrapes were answered during the block`);
  t.ok(Number(slowest) <= 250, `the slowest of them took ${slowest} ms`);
  t.match(output, /no answer, /, 'the service itself was seen to hang');
  t.notOk(output.includes('\u001b'), 'no colours where there is no terminal');
});

test('the demo leaves its service running until SIGINT', async (t) => {
  process.env.DEMO_CALM_MS = '300';
  const demo = startAsScript('demo/index.ts');
  const [, url] = await demo.says(/^The service goes on: (http:.*)$/m);
  t.match(await (await fetch(url)).text(), /^http_requests_total\{.*route="\/report".*\} 1$/m);
  demo.signal('SIGINT');
  t.equal((await demo.ended).code, 0);
  await t.rejects(fetch(url), 'nothing is left behind');
});
