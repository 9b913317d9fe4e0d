import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Test } from 'tap';
import { Server } from '../engines/server';

/** An alert as Alertmanager's API gives it. */
export interface ManagedAlert {
  labels: Record<string, string>;
  annotations: Record<string, string>;
  startsAt: string;
  endsAt: string;
  updatedAt: string;
}

/** A real Alertmanager that groups by job and tells a webhook. */
export class Alertmanager {
  private constructor(private readonly server: Server) {}

  static async start(t: Test, webhook: string): Promise<Alertmanager> {
    const server = await Server.start(t, {
      program: 'prometheus-alertmanager',
      ready: '/-/ready',
      async args(address, folder) {
        const config = join(folder, 'alertmanager.yml');
        await writeFile(
          config,
          `route: { receiver: hook, group_by: [job], group_wait: 0s, group_interval: 200ms, repeat_interval: 1h }
receivers: [{ name: hook, webhook_configs: [{ url: '${webhook}', send_resolved: true }] }]
`,
        );
        return [
          `--config.file=${config}`,
          `--storage.path=${join(folder, 'data')}`,
          `--web.listen-address=${address}`,
          '--cluster.listen-address=',
          '--log.level=warn',
        ];
      },
    });
    return new Alertmanager(server);
  }

  get base(): string {
    return this.server.base;
  }

  /** Those that have not ended. */
  async alerts(): Promise<ManagedAlert[]> {
    return (await fetch(`${this.base}/api/v2/alerts`)).json() as Promise<ManagedAlert[]>;
  }

  /** How many alerts each group has, by job. */
  async groups(): Promise<Record<string, number>> {
    const groups = (await (await fetch(`${this.base}/api/v2/alerts/groups`)).json()) as {
      labels: { job: string };
      alerts: unknown[];
    }[];
    return Object.fromEntries(groups.map(({ labels, alerts }) => [labels.job, alerts.length]));
  }

  stop(): Promise<void> {
    return this.server.stop();
  }

  run(): Promise<void> {
    return this.server.run();
  }
}
