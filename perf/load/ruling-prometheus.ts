import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RuleGroup } from 'ringmeter';

const PATIENCE_MS = 10_000;

/** A Prometheus on this machine that scrapes a port of this process each second and evaluates rules over it. */
export class RulingPrometheus {
  private constructor(
    private readonly child: ChildProcess,
    private readonly base: string,
  ) {}

  /** @returns undefined where there is no Prometheus */
  static async start(directory: string, target: number, group: RuleGroup): Promise<RulingPrometheus | undefined> {
    const address = `127.0.0.1:${await freePort()}`;
    const rules = join(directory, 'rules.yml');
    const config = join(directory, 'prometheus.yml');
    writeFileSync(rules, yamlOf(group));
    writeFileSync(
      config,
      `global: { scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }
rule_files: ['${rules}']
scrape_configs: [{ job_name: ringmeter, static_configs: [{ targets: ['127.0.0.1:${target}'] }] }]
`,
    );
    const args = [`--config.file=${config}`, `--storage.tsdb.path=${join(directory, 'data')}`];
    const child = spawn('prometheus', [...args, `--web.listen-address=${address}`, '--log.level=error'], {
      stdio: 'ignore',
    });
    const missing = once(child, 'error').then(() => true);
    const base = `http://${address}`;
    for (const end = Date.now() + PATIENCE_MS; Date.now() < end; ) {
      if (await Promise.race([missing, sleep(100).then(() => false)])) return undefined;
      const answer = await fetch(`${base}/-/ready`).catch(() => undefined);
      if (answer?.ok) return new RulingPrometheus(child, base);
    }
    child.kill();
    throw new Error(`prometheus was not ready within ${PATIENCE_MS} ms`);
  }

  /** Seconds that evaluations of the group have taken up to now, and how many there were. */
  async evaluation(): Promise<{ sum: number; count: number }> {
    const text = await (await fetch(`${this.base}/metrics`)).text();
    const read = (what: string): number =>
      Number(new RegExp(`^prometheus_rule_group_duration_seconds_${what} (.*)$`, 'm').exec(text)?.[1]);
    return { sum: read('sum'), count: read('count') };
  }

  stop(): void {
    this.child.kill();
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** As a file for it: the library's own writer. */
function yamlOf(group: RuleGroup): string {
  const inside = (file: string): unknown => require(join(dirname(require.resolve('ringmeter')), file));
  const { checkGroup } = inside('alerts/check-rules.js') as typeof import('../../dist/src/alerts/check-rules');
  const { rulesToYaml } = inside('alerts/rules-yaml.js') as typeof import('../../dist/src/alerts/rules-yaml');
  return rulesToYaml([checkGroup(group, '', 1_000)]);
}
