import type { Family } from '../../registry/family';
import type { InFlight } from '../in-flight';
import type { Route, RouteTable } from '../route';
import type { Evaluator } from './query';
import type { RulesView } from './rules-view';
import type { ReadHistory } from './series';

/** Where the answers come from. */
export interface ApiSource {
  evaluator: Evaluator;
  reading: ReadHistory;
  families(): readonly Family[];
  rules: RulesView;
}

const GET = ['GET'] as const;
const BOTH = ['GET', 'POST'] as const;

const METHODS = {
  '/api/v1/query': BOTH,
  '/api/v1/query_range': BOTH,
  '/api/v1/series': BOTH,
  '/api/v1/labels': BOTH,
  '/api/v1/label/:name/values': GET,
  '/api/v1/metadata': GET,
  '/api/v1/rules': GET,
  '/api/v1/alerts': GET,
  '/api/v1/status/buildinfo': GET,
} as const;

/** What answers each path. */
export type ApiAnswers = Readonly<Record<keyof typeof METHODS, Route['serve']>>;

/** Prometheus' HTTP API: https://prometheus.io/docs/prometheus/latest/querying/api/ */
export function apiRoutes(source: ApiSource, inFlight: InFlight): RouteTable {
  let known: ApiAnswers | undefined;
  const answers = (): ApiAnswers => {
    known ??= openAnswers(source, inFlight);
    return known;
  };
  const paths = Object.keys(METHODS) as (keyof typeof METHODS)[];
  return Object.fromEntries(
    paths.map((path) => [
      path,
      { methods: METHODS[path], serve: (exchange, target) => answers()[path](exchange, target) } satisfies Route,
    ]),
  );
}

/** Loaded only here: most endpoints are only scraped, and answers bring PromQL with them. */
function openAnswers(source: ApiSource, inFlight: InFlight): ApiAnswers {
  const { apiAnswers } = require('./answers') as typeof import('./answers');
  return apiAnswers(source, inFlight);
}
