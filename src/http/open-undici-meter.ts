import { checkGivenCollector } from '../collector/collector-check';
import { checkInteger, checkOptions, checkString } from '../common/options-check';
import { BoundedLabel } from './bounded-label';
import { ClientDefinitions } from './client-metrics';
import type { UndiciMetricsOptions } from './undici';
import { UndiciMeter } from './undici-meter';

/** @throws RingmeterError RINGMETER_INVALID_OPTION and the codes of bad names and buckets */
export function openUndiciMeter(options: UndiciMetricsOptions | undefined): UndiciMeter {
  const given = checkOptions('undici metrics options', options, ['collector', 'prefix', 'buckets', 'hosts']);
  return new UndiciMeter(
    checkGivenCollector(given.collector),
    new ClientDefinitions(checkString('prefix', given.prefix, ''), given.buckets),
    new BoundedLabel(checkHosts(given.hosts)),
  );
}

function checkHosts(hosts: unknown): readonly string[] | number {
  if (!Array.isArray(hosts)) return checkInteger('hosts', hosts, 100, 0, 10_000);
  return hosts.map((host) => checkString('hosts', host, ''));
}
