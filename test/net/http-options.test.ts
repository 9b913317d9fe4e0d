import { AlertmanagerNotifier, OtlpStorage, PrometheusStorage, WebhookNotifier } from 'ringmeter';
import { test } from 'tap';
import { refuses } from '../instruments/support';

const url = 'http://127.0.0.1:9';
type Headers = Record<string, string>;

/** Everything that sends requests with headers of the user's. */
const SENDERS: Record<string, (headers: Headers) => unknown> = {
  pushgateway: (headers) => new PrometheusStorage({ pushgateway: { url, job: 'j' }, headers }),
  'remote write': (headers) => new PrometheusStorage({ remoteWrite: { url }, headers }),
  OTLP: (headers) => new OtlpStorage({ url, headers }),
  Alertmanager: (headers) => new AlertmanagerNotifier({ url, headers }),
  webhook: (headers) => new WebhookNotifier({ url, headers }),
};

const RESERVED = [
  'Accept-Encoding',
  'Connection',
  'Content-Encoding',
  'Content-Length',
  'Content-Type',
  'Expect',
  'Host',
  'Keep-Alive',
  'Proxy-Authorization',
  'Proxy-Connection',
  'TE',
  'Trailer',
  'Transfer-Encoding',
  'Upgrade',
  'User-Agent',
  'X-Prometheus-Remote-Write-Version',
  'user-agent',
  'USER-AGENT',
];

for (const [sender, make] of Object.entries(SENDERS))
  test(`headers that the library sets cannot be given to ${sender}, and others can`, (t) => {
    for (const name of RESERVED)
      refuses(t, () => make({ [name]: 'x' }), 'RINGMETER_INVALID_OPTION', `header "${name}"`, 'the library sets it');
    t.doesNotThrow(() => make({ 'X-Scope-OrgID': 'a', Via: 'b', Authorization: 'Basic eDp5', Accept: '*/*' }));
    t.end();
  });
