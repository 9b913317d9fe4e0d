import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'tap';
import { needs, poll } from '../engines/engine';
import { Server } from '../engines/server';
import { Queried } from '../engines/servers';
import { makeCertificates, readCertificates } from '../net/certificates';
import { serving } from './client';

test(
  'a real Prometheus scrapes an endpoint with TLS and either kind of credentials',
  needs('prometheus'),
  async (t) => {
    const paths = makeCertificates(t);
    const { ca, cert, key } = readCertificates(paths);
    const { collector, endpoint: basic } = await serving(
      t,
      {},
      { tls: { key, cert }, auth: { username: 'prometheus', password: 'pass' } },
    );
    const bearer = await collector.listen({
      port: 0,
      tls: { key, cert, ca, minVersion: 'TLSv1.3' },
      auth: { token: 't' },
    });
    collector.counter('jobs_total').increment(7);
    const job = (name: string, port: number, more: string) =>
      `{ job_name: ${name}, scheme: https, static_configs: [{ targets: ['127.0.0.1:${port}'] }], ${more} }`;
    const tls = (more = '') => `tls_config: { ca_file: ${paths.ca} ${more} }`;
    const jobs = [
      job('basic', basic.port, `${tls()}, basic_auth: { username: prometheus, password: pass }`),
      job(
        'bearer',
        bearer.port,
        `${tls(`, cert_file: ${paths.cert}, key_file: ${paths.key}`)}, authorization: { credentials: t }`,
      ),
      job('wrong', basic.port, `${tls()}, basic_auth: { username: prometheus, password: wrong }`),
      job('bare', bearer.port, `${tls()}, authorization: { credentials: t }`),
    ];
    const server = await Server.start(t, {
      program: 'prometheus',
      ready: '/-/ready',
      async args(address, folder) {
        const config = join(folder, 'prometheus.yml');
        await writeFile(
          config,
          `global: { scrape_interval: 1s, scrape_timeout: 1s }\nscrape_configs: [${jobs.join(', ')}]\n`,
        );
        return [`--config.file=${config}`, `--storage.tsdb.path=${folder}/data`, `--web.listen-address=${address}`];
      },
    });
    const asked = new Queried(server);
    await poll('it has scraped all four', async () => (await asked.query('up')).length === 4);
    await poll('it has what it may have', async () => (await asked.query('jobs_total == 7')).length === 2);
    const up = (await asked.query('up')).map(({ metric, value }) => [metric.job, value[1]]).sort();
    t.same(up, [
      ['bare', '0'],
      ['basic', '1'],
      ['bearer', '1'],
      ['wrong', '0'],
    ]);
  },
);
