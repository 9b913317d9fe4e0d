import type { IncomingMessage } from 'node:http';
import type { MetricsCollector } from '../collector/collector';
import { checkGivenCollector } from '../collector/collector-check';
import { checkBoolean, checkFunction, checkOneOf, checkOptions, checkString } from '../common/options-check';
import type { LabelValue } from '../registry/label-pairs';
import { ServerDefinitions } from './server-definitions';

/** What is recorded of a server's requests. Every option has a default. */
export interface HttpMetricsOptions<Request = IncomingMessage> {
  /** Default: the process's collector at the time of the request. */
  collector?: MetricsCollector;
  /** Prefix of every metric's name, such as `shop_`. Default none. */
  prefix?: string;
  /** Bounds of the duration histogram in seconds. Default 0.005 to 10. */
  buckets?: readonly number[];
  /** Returns a request's route, called when it ends; overrides the framework's unless it returns undefined. */
  route?: (request: Request) => string | undefined;
  /** Label of all requests that no route matched. Default `__unmatched__`. */
  unmatched?: string;
  /** Requests that are not recorded: paths without query, or a predicate. Default none. */
  ignore?: readonly string[] | ((request: Request) => boolean);
  /** Further labels of all metrics but the gauge, with functions of the request, called when it ends. Default none. */
  labels?: Readonly<Record<string, (request: Request) => LabelValue | undefined>>;
  /** Whether `status` is the code, `404`, or its class, `4xx`. Default 'code'. */
  statusLabel?: 'code' | 'class';
  /** Whether sizes of bodies are recorded. Default true. */
  sizes?: boolean;
}

/** A request: node's, or a framework's wrapper of it. */
export type AnyRequest = IncomingMessage;

/** The options with every default filled in. */
export interface ResolvedHttpOptions {
  readonly collector: MetricsCollector | undefined;
  readonly prefix: string;
  readonly definitions: ServerDefinitions;
  readonly route: ((request: AnyRequest) => string | undefined) | undefined;
  readonly unmatched: string;
  readonly ignores: (request: AnyRequest) => boolean;
  readonly labels: readonly (readonly [name: string, of: (request: AnyRequest) => unknown])[];
  readonly byClass: boolean;
  readonly sizes: boolean;
}

/** @throws RingmeterError RINGMETER_INVALID_OPTION and the codes of bad metric names, label names and buckets */
export function resolveHttpOptions<Request>(options: HttpMetricsOptions<Request> | undefined): ResolvedHttpOptions {
  const given = checkOptions('http metrics options', options, [
    'collector',
    'prefix',
    'buckets',
    'route',
    'unmatched',
    'ignore',
    'labels',
    'statusLabel',
    'sizes',
  ]) as HttpMetricsOptions<AnyRequest>;
  const prefix = checkString('prefix', given.prefix, '');
  const labels = Object.entries(checkOptions('labels', given.labels, Object.keys(given.labels ?? {})));
  for (const [name, of] of labels) checkFunction(`labels.${name}`, of);
  return {
    collector: checkGivenCollector(given.collector),
    prefix,
    definitions: new ServerDefinitions(
      prefix,
      labels.map(([name]) => name),
      given.buckets,
    ),
    route: given.route === undefined ? undefined : checkFunction('route', given.route),
    unmatched: checkString('unmatched', given.unmatched, '__unmatched__'),
    ignores: checkIgnore(given.ignore),
    labels,
    byClass: checkOneOf('statusLabel', given.statusLabel, 'code', ['code', 'class']) === 'class',
    sizes: checkBoolean('sizes', given.sizes, true),
  };
}

function checkIgnore(ignore: HttpMetricsOptions['ignore'] = []): (request: AnyRequest) => boolean {
  if (!Array.isArray(ignore)) return checkFunction('ignore', ignore as (request: AnyRequest) => boolean);
  const paths = new Set<string>(ignore.map((path) => checkString('ignore', path, '')));
  return paths.size === 0 ? () => false : (request) => paths.has(pathOf(request.url));
}

/** A request's path, without query. */
export function pathOf(url = '/'): string {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}
