import type { Family } from '../../aggregate/catalog';
import type { InFlight } from '../in-flight';
import type { RouteTable } from '../route';
import { Api } from './api';
import { answerBuildInfo } from './build-info';
import { answerMetadata } from './metadata';
import { answerQuery, answerQueryRange, type Evaluator } from './query';
import { answerAlerts, answerRules } from './rules';
import type { RulesView } from './rules-view';
import { answerLabels, answerLabelValues, answerSeries, type Reading } from './series';

/** Where the answers come from. */
export interface ApiSource {
  evaluator: Evaluator;
  reading: Reading;
  families(): readonly Family[];
  rules: RulesView;
}

const GET = ['GET'] as const;
const BOTH = ['GET', 'POST'] as const;

/** Prometheus' HTTP API: https://prometheus.io/docs/prometheus/latest/querying/api/ */
export function apiRoutes({ evaluator, reading, families, rules }: ApiSource, inFlight: InFlight): RouteTable {
  const api = new Api(inFlight);
  return {
    '/api/v1/query': api.route(answerQuery(evaluator), BOTH),
    '/api/v1/query_range': api.route(answerQueryRange(evaluator), BOTH),
    '/api/v1/series': api.route(answerSeries(reading), BOTH),
    '/api/v1/labels': api.route(answerLabels(reading), BOTH),
    '/api/v1/label/:name/values': api.route(answerLabelValues(reading), GET),
    '/api/v1/metadata': api.route(answerMetadata(families), GET),
    '/api/v1/rules': api.route(answerRules(rules), GET),
    '/api/v1/alerts': api.route(answerAlerts(rules), GET),
    '/api/v1/status/buildinfo': api.route(answerBuildInfo, GET),
  };
}
