import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readlinkSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { MetricsCollector, PrometheusStorage } from 'ringmeter';
import { type Test, test } from 'tap';
import { freePort, needs } from '../engines/engine';
import { Server } from '../engines/server';
import { until } from '../instruments/support';
import { runCli, runHere } from './run';

const BIN = join(__dirname, '..', '..', 'dist', 'src', 'cli', 'bin.js');

/** A server that answers with whatever `body` is at the time. */
async function serve(t: Test, body: () => string | undefined): Promise<string> {
  const server = createServer(({ url }, response) => {
    const text = url === '/metrics' ? body() : undefined;
    if (text === undefined) response.statusCode = 503;
    response.end(text);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control sequences are what is taken away
const CONTROL = /\u001b\[[?\d;]*[a-zA-Z]/g;

/** A run of `ringmeter top` in a terminal of 80 by 24, which `script` makes. */
class Terminal {
  output = '';
  readonly ended: Promise<number | null>;
  private readonly child;

  constructor(t: Test, ...args: string[]) {
    const command = `stty cols 80 rows 24; exec ${process.execPath} ${BIN} top ${args.join(' ')}`;
    this.child = spawn('script', ['-qefc', command, '/dev/null'], {
      env: { ...process.env, NODE_OPTIONS: '', TERM: 'xterm', NO_COLOR: '', SHELL: '/bin/sh' },
    });
    this.child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.output += text;
    });
    this.ended = new Promise((resolve) => this.child.once('close', resolve));
    t.teardown(() => this.child.kill());
  }

  /** Sends a signal to what runs in the terminal. */
  signal(signal: NodeJS.Signals): void {
    process.kill(this.inside, signal);
  }

  /** Gives the terminal another size. */
  resize(columns: number, rows: number): void {
    const device = readlinkSync(`/proc/${this.inside}/fd/1`);
    execFileSync('stty', ['-F', device, 'cols', String(columns), 'rows', String(rows)]);
  }

  private get inside(): number {
    const { pid } = this.child;
    return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8'));
  }

  type(text: string): void {
    this.child.stdin.write(text);
  }

  /** What the last whole frame shows. */
  get frame(): string[] {
    const frames = this.output.split('\u001b[H').slice(1);
    const whole = frames.filter((frame) => frame.includes('\u001b[J')).at(-1) ?? '';
    return whole.replace(CONTROL, '').replaceAll('\r', '').split('\n');
  }
}

/** Counters of two routes, of which one fails: 10 and 30 requests between two scrapes. */
function requests(scrapes: number): string {
  const route = (path: string, status: string, count: number): string => {
    const labels = `route="${path}",status="${status}"`;
    const line = (le: string, n: number): string => `http_request_duration_seconds_bucket{${labels},le="${le}"} ${n}\n`;
    return `${line('0.1', count)}${line('1', 2 * count)}${line('+Inf', 2 * count)}http_request_duration_seconds_sum{${labels}} ${count}
http_request_duration_seconds_count{${labels}} ${2 * count}\n`;
  };
  return `# TYPE http_request_duration_seconds histogram
${route('/ok', '200', 15 * scrapes)}${route('/bad', '503', 5 * scrapes)}# TYPE jobs_total counter
jobs_total ${1_000 * scrapes}
# TYPE process_cpu_seconds_total counter
process_cpu_seconds_total ${0.05 * scrapes}
# TYPE process_resident_memory_bytes gauge
process_resident_memory_bytes 104857600
# TYPE ringmeter_event_loop_stalled_seconds gauge
ringmeter_event_loop_stalled_seconds{thread="main"} 0
ringmeter_event_loop_stalled_seconds{thread="worker-3"} 4.5
`;
}

test('top prints one frame of two scrapes where there is no terminal', async (t) => {
  let scrapes = 0;
  const url = await serve(t, () => requests(++scrapes));
  const { code, output, errors } = await runCli(t, 'top', '--interval', '200ms', url);
  t.equal(errors, '');
  t.equal(code, 0);
  t.equal(scrapes, 2);
  t.notOk(output.includes('\u001b'));
  t.match(output, new RegExp(`^ringmeter top {2}${url}/metrics +over [\\d.]+ m?s {2}\\d\\d:\\d\\d:\\d\\d\n`));
  const [, over, unit] = /over ([\d.]+) (m?s)/.exec(output)!;
  const seconds = Number(over) / (unit === 'ms' ? 1_000 : 1);
  const row = (name: string): string[] =>
    output
      .split('\n')
      .find((line) => line.trim().startsWith(name))
      ?.trim()
      .split(/ {2,}/) ?? [];
  const near = (text: string, value: number): void => {
    const number = Number.parseFloat(text) * (/k\/s$/.test(text) ? 1_000 : 1);
    // small numbers are shown as whole ones, and the duration that the value is computed from has three digits
    const rounding = 0.5 + 0.005 * value;
    t.ok(Math.abs(number / value - 1) < 0.02 || Math.abs(number - value) <= rounding, `${text} is near ${value}`);
  };
  const [, rate, errorShare, p50, p95, p99] = row('http_request_duration_seconds');
  near(rate, 40 / seconds);
  t.equal(errorShare, '25 %');
  t.same([p50, p95, p99], ['100 ms', '910 ms', '982 ms']);
  near(row('/ok')[1], 30 / seconds);
  t.equal(row('/ok')[2], '0 %');
  t.equal(row('/bad')[2], '100 %');
  near(row('jobs_total')[1], 1_000 / seconds);
  near(/cpu (\S+) %/.exec(output)![1], 5 / seconds);
  t.match(output, /rss 100 MiB/);
  const stalls = output.split('\n').filter((line) => /^(?:main|worker-3) /.test(line));
  t.match(stalls[0], /^worker-3 .*4\.5 s$/, 'the one that stalls comes first');
  t.match(output, /\nhttp_request_duration_seconds +histogram +10 +\d+ %\n/, 'lines by metric');
});

test('top shows a collector, with its storages', async (t) => {
  const storage = new PrometheusStorage({ remoteWrite: { url: `http://127.0.0.1:${await freePort()}/write` } });
  const collector = new MetricsCollector({ flushWorkers: 1, flushInterval: 50, storage });
  t.teardown(() => collector.close({ timeout: 1 }));
  const orders = collector.counter('orders_total', { description: 'Orders.' });
  const timer = setInterval(() => orders.increment(), 5);
  t.teardown(() => clearInterval(timer));
  const { url } = await collector.listen({ port: 0 });
  await until('a failure', async () => /storage_failures_total\S* [1-9]/.test(await (await fetch(url)).text()));
  const { code, output } = await runHere('top', '--once', '--interval', '300ms', url);
  t.equal(code, 0);
  t.match(output, /\norders_total +\d+(?:\.\d+)?\/s +\d+\n/);
  t.match(output, /\nSTORAGES +STORED +FAILED .*\n\S.* +0 +[1-9]\d* +0 +0 +[1-9]\d* .* never\n/);
});

test('top shows Prometheus, and the alerts that fire', needs('prometheus'), async (t) => {
  const server = await Server.start(t, {
    program: 'prometheus',
    ready: '/-/ready',
    async args(address, folder) {
      const [config, rules] = ['prometheus.yml', 'rules.yml'].map((file) => join(folder, file));
      await writeFile(config, `rule_files: ['${rules}']\n`);
      const alert = '{ alert: Always, expr: vector(1), labels: { severity: page } }';
      await writeFile(rules, `groups: [{ name: test, interval: 100ms, rules: [${alert}] }]\n`);
      return [
        `--config.file=${config}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=${address}`,
      ];
    },
  });
  await until('an alert', async () => (await (await fetch(`${server.base}/api/v1/alerts`)).text()).includes('firing'));
  const { code, output } = await runHere('top', '--once', '--interval', '300ms', server.base);
  t.equal(code, 0);
  t.match(output, /\ncpu .* rss .* heap .* goroutines \d+/);
  t.match(output, /\nALERTS .*\nAlways +firing +severity=page +\d/);
  t.match(output, /\nREQUESTS .*\nprometheus_http_request_duration_seconds +\d/);
  t.match(output, /\n {2}\/metrics +\d\S*\/s +0 %/, 'errors are those of the counter beside it');
});

test('top redraws a terminal of 80 by 24 until q is pressed', needs('script'), async (t) => {
  let scrapes = 0;
  const url = await serve(t, () => requests(++scrapes));
  const terminal = new Terminal(t, '--interval', '100ms', url);
  await until('some scrapes', () => scrapes > 4);
  await until('rates', () => /over \d+ ms/.test(terminal.frame[0]));
  const { frame } = terminal;
  t.ok(frame.length <= 24, `${frame.length} lines`);
  for (const line of frame) t.ok(line.length <= 80, line);
  for (const head of ['EVENT LOOP', 'REQUESTS', 'COUNTERS', 'SERIES'])
    t.ok(
      frame.some((line) => line.startsWith(head)),
      head,
    );
  t.ok(terminal.output.includes('\u001b[?1049h\u001b[?25l'), 'on the alternate screen, without a cursor');
  t.notOk(terminal.output.includes('\u001b[?1049l'));
  terminal.resize(40, 10);
  await until(
    'a smaller frame',
    () => terminal.frame.length <= 10 && terminal.frame.every((line) => line.length <= 40),
  );
  terminal.type('q');
  t.equal(await terminal.ended, 0);
  t.ok(terminal.output.includes('\u001b[?25h\u001b[?1049l'), 'and it is put back');
});

test('Control-C and signals restore the terminal, too', needs('script'), async (t) => {
  const url = await serve(t, () => requests(1));
  const ways: ((terminal: Terminal) => void)[] = [
    (terminal) => terminal.type('\u0003'),
    (terminal) => terminal.signal('SIGTERM'),
    (terminal) => terminal.signal('SIGINT'),
  ];
  for (const end of ways) {
    const terminal = new Terminal(t, url);
    await until('a frame', () => terminal.frame.length > 5);
    end(terminal);
    t.equal(await terminal.ended, 0);
    t.ok(terminal.output.endsWith('\u001b[?25h\u001b[?1049l'));
  }
});

test('top shows why a scrape failed, keeps the last figures, and retries', needs('script'), async (t) => {
  let isUp = false;
  let scrapes = 0;
  const url = await serve(t, () => (isUp ? requests(++scrapes) : undefined));
  const terminal = new Terminal(t, '--interval', '50ms', url);
  await until('the problem', () => /was answered with 503/.test(terminal.frame[1]));
  isUp = true;
  await until('a frame', () => terminal.frame.some((line) => line.startsWith('jobs_total')));
  t.notOk(
    terminal.frame.some((line) => /503/.test(line) && !/bad/.test(line)),
    'and the problem is gone',
  );
  isUp = false;
  await until('the problem again', () => /was answered with 503/.test(terminal.frame[1]));
  t.ok(terminal.frame.some((line) => line.startsWith('jobs_total')));
  terminal.type('q');
  t.equal(await terminal.ended, 0);
});

test('top reports wrong arguments and unreadable endpoints', async (t) => {
  for (const [args, code, says] of [
    [[`127.0.0.1:${await freePort()}`], 1, /^ringmeter top: GET .*ECONNREFUSED/],
    [[], 2, /give one URL/],
    [['some/file'], 2, /give one URL/],
    [['--interval', '0s', 'http://a'], 2, /--interval must be a duration/],
  ] as const) {
    const ran = await runHere('top', ...args);
    t.equal(ran.code, code, args.join(' '));
    t.match(ran.errors, says);
    t.equal(ran.output, '');
  }
});

test('the main thread has one row, whether its metrics have a label or not', async (t) => {
  const text = `# TYPE nodejs_eventloop_lag_seconds gauge
nodejs_eventloop_lag_seconds 0.004
nodejs_eventloop_lag_seconds{thread="1"} 0.002
# TYPE ringmeter_event_loop_stalled_seconds gauge
ringmeter_event_loop_stalled_seconds{thread="main"} 3
ringmeter_event_loop_stalled_seconds{thread="1"} 0
`;
  const url = await serve(t, () => text);
  const { output } = await runHere('top', '--once', '--interval', '100ms', url);
  t.match(output, /\nmain +4 ms .* 3 s\n1 +2 ms .* 0 s\n/);
  t.equal(output.match(/^main /gm)?.length, 1);
});
