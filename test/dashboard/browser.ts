import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import type { Test } from 'tap';
import { program } from '../engines/engine';

const FLAGS =
  '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync';

const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

export async function launch(t: Test): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath: program('chromium'),
    headless: true,
    args: FLAGS.split(' '),
  });
  t.teardown(() => browser.close());
  return browser;
}

/** A page, with all that it has asked for and complained of. */
export interface Opened {
  page: Page;
  requests: string[];
  complaints: string[];
}

export async function open(t: Test, browser: Browser, url: string, options?: BrowserContextOptions): Promise<Opened> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  t.teardown(() => context.close());
  const page = await context.newPage();
  const requests: string[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  await page.goto(url);
  return { page, requests, complaints };
}

/** What axe-core finds that is serious, or worse. */
export async function barriers(page: Page): Promise<string[]> {
  // not as a script of the page, which its policy forbids
  await page.evaluate(AXE);
  const found = (await page.evaluate('axe.run(document, { resultTypes: ["violations"] })')) as {
    violations: { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }[];
  };
  return found.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`));
}

/** A chart of the page: times in seconds, and values by line. */
export interface Chart {
  times: number[];
  lines: Record<string, (number | null)[]>;
}

export async function chart(page: Page, name: string): Promise<Chart> {
  return page.evaluate(`(() => {
    const { times, values } = ringmeter.store.lines(${JSON.stringify(name)});
    return { times, lines: Object.fromEntries(values) };
  })()`);
}

/** The service of the fixture, which is loaded and looked at. */
export class Service {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
    readonly endpoint: string,
  ) {}

  static async start(t: Test): Promise<Service> {
    const child = fork(join(__dirname, '../fixtures/dashboard-service.cjs'), { execArgv: [] });
    t.teardown(() => child.kill());
    const [{ service, endpoint }] = await once(child, 'message');
    return new Service(child, service, endpoint);
  }

  /** Blocks the service's thread until the result is called, which tells how long it was: in wall-clock milliseconds. */
  stall(t: Test): () => Promise<{ from: number; to: number }> {
    const until = join(t.testdir({}), 'over');
    const answer = fetch(`${this.url}/stall?${new URLSearchParams({ until })}`);
    return async () => {
      writeFileSync(until, '');
      return (await answer).json() as Promise<{ from: number; to: number }>;
    };
  }

  close(): void {
    this.child.send('close');
  }

  async reopen(): Promise<void> {
    this.child.send('open');
    await once(this.child, 'message');
  }
}
