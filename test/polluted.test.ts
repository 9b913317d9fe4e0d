import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { test } from 'tap';

const FIXTURE = join(__dirname, 'fixtures', 'polluted.cjs');
/** Labels, and options of everything, but for those by which node itself is misled. */
const NAMES = `foo a_label zone
  storage flushWorkers flushInterval onFull maxMemory cardinalityLimit seriesLimit defaultLabels rules notifiers dashboard
  worker shutdown defaultMetrics description unit labelNames ttl labels buckets quantiles maxAge maxSamples
  headers basicAuth bearerToken bearerTokenFile tls queue retry delivery direct foreign version scope resource grouping job
  maxBytes gzip fsync api allowedHosts allowedOrigins enabled title timeZone figures requests errors latency
  file groups limit alert record expr annotations keepFiringFor keep_firing_for matchers until comment
  firedAt resolvedAt keptSince collector timingMetric counterMetric errorCounter inFlightMetric resultErrors
  prefix route unmatched ignore statusLabel sizes from to names onDamage help line`.split(/\s+/);

async function shown(...args: string[]): Promise<string> {
  // without what the runner of the tests preloads
  const env = { ...process.env, NODE_OPTIONS: '' };
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [FIXTURE, ...args], { env, timeout: 60_000 });
  return stderr + stdout;
}

test('properties added to Object.prototype are not options, not labels, and not shown', async (t) => {
  for (const flushWorkers of ['0', '1']) {
    const [clean, polluted] = [await shown('', flushWorkers), await shown(NAMES.join(), flushWorkers)];
    t.match(clean, 'hits_total{a=\\"b\\",zone=\\"a\\"} 2');
    t.equal(polluted, clean, `flushWorkers: ${flushWorkers}`);
    t.notMatch(polluted, 'POLLUTED');
  }
});
