import { RingmeterError, shown } from '../../common/errors';
import { checkInteger, checkOneOf, checkOptions, checkString } from '../../common/options-check';
import { ownFile } from '../../common/own-file';
import { checkDelivery, DELIVERY_OPTIONS } from '../../delivery/delivery-options';
import type { DeliveryOptions, ResolvedQuery, TimeSeries } from '../../delivery/types';
import { checkHttpOptions, checkUrl, HTTP_OPTIONS, type HttpOptions } from '../../net/http-options';
import { DescribedStorage } from '../described';
import type { Attributes } from './encoder';
import { Ledger } from './ledger';
import type { OtlpBackendOptions } from './otlp-backend';

/** What an attribute of the resource can be. */
export type OtlpAttribute = string | number | boolean;

export interface OtlpStorageOptions extends HttpOptions, DeliveryOptions {
  /** Base URL of the receiver, as in `OTEL_EXPORTER_OTLP_ENDPOINT`: `/v1/metrics` is added to it. */
  url: string;
  /** Default `'protobuf'`. */
  encoding?: 'protobuf' | 'json';
  /** Counters and histograms count from the collector's start, or from the last delivery. Default `'cumulative'`. */
  temporality?: 'cumulative' | 'delta';
  /** Attributes of what is measured. `service.name` is `unknown_service:node` unless given. */
  resource?: Readonly<Record<string, OtlpAttribute>>;
  /** What measures, default `{ name: 'ringmeter' }`. */
  scope?: { name?: string; version?: string };
  /** Of requests. Default `'gzip'`. */
  compression?: 'gzip' | 'none';
  /** A snapshot with more series goes out in several requests. Default 10 000. */
  maxSeriesPerRequest?: number;
}

const OWN_OPTIONS = [
  'url',
  'encoding',
  'temporality',
  'resource',
  'scope',
  'compression',
  'maxSeriesPerRequest',
] as const;
const PATH = '/v1/metrics';

/** Sends every snapshot to an OpenTelemetry receiver, by OTLP over HTTP. */
export class OtlpStorage extends DescribedStorage {
  private readonly ledger: Ledger;

  /** @throws RingmeterError RINGMETER_INVALID_OPTION */
  constructor(options: OtlpStorageOptions) {
    const given = checkOptions('OtlpStorage options', options, [...OWN_OPTIONS, ...HTTP_OPTIONS, ...DELIVERY_OPTIONS]);
    const temporality = checkOneOf('temporality of OtlpStorage', given.temporality, 'cumulative', [
      'cumulative',
      'delta',
    ]);
    const ledger = Ledger.allocate();
    const backend: OtlpBackendOptions = {
      url: metricsUrl(given.url),
      encoding: checkOneOf('encoding of OtlpStorage', given.encoding, 'protobuf', ['protobuf', 'json']),
      temporality,
      resource: { 'service.name': 'unknown_service:node', ...checkResource(given.resource) },
      scope: checkScope(given.scope),
      compression: checkOneOf('compression of OtlpStorage', given.compression, 'gzip', ['gzip', 'none']),
      maxSeriesPerRequest: checkInteger(
        'maxSeriesPerRequest of OtlpStorage',
        given.maxSeriesPerRequest,
        10_000,
        1,
        2 ** 31 - 1,
      ),
      http: checkHttpOptions('OtlpStorage', given),
      ledger,
    };
    super({
      kind: 'otlp',
      module: ownFile(__dirname, 'otlp-backend'),
      options: backend,
      delivery: checkDelivery('otlp', given),
      keepsPrevious: temporality === 'delta',
      omitsStorageMetrics: true,
    });
    this.ledger = new Ledger(ledger);
  }

  /** Called by the collector when it is made, before anything is recorded. */
  override bind(ask: (query: ResolvedQuery) => Promise<TimeSeries[]>): void {
    super.bind(ask);
    this.ledger.begin(Date.now());
  }
}

function metricsUrl(given: unknown): string {
  const url = new URL(checkUrl('url of OtlpStorage', given));
  const path = url.pathname.replace(/\/+$/, '');
  if (path.endsWith(PATH) || url.search !== '' || url.hash !== '')
    throw new RingmeterError(
      'RINGMETER_INVALID_OPTION',
      `url of OtlpStorage must be a URL without ${PATH} and without a query, such as "http://127.0.0.1:4318", got ${shown(given)}`,
    );
  url.pathname = path + PATH;
  return url.href;
}

function checkResource(resource: Attributes | undefined): Attributes {
  const attributes = checkOptions('resource of OtlpStorage', resource, Object.keys(resource ?? {}));
  for (const [name, value] of Object.entries(attributes))
    if (name === '' || !(['string', 'boolean'].includes(typeof value) || Number.isFinite(value)))
      throw new RingmeterError(
        'RINGMETER_INVALID_OPTION',
        `attribute ${shown(name)} of OtlpStorage's resource must be a string, a finite number or a boolean, got ${shown(value)}`,
      );
  return { ...attributes };
}

function checkScope(given: OtlpStorageOptions['scope']): { name: string; version: string } {
  const { name, version } = checkOptions('scope of OtlpStorage', given, ['name', 'version']);
  return {
    name: checkString('scope.name of OtlpStorage', name, 'ringmeter'),
    version: checkString('scope.version of OtlpStorage', version, ''),
  };
}
