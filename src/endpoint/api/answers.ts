import type { InFlight } from '../in-flight';
import { Api } from './api';
import { answerBuildInfo } from './build-info';
import { answerMetadata } from './metadata';
import { answerQuery, answerQueryRange } from './query';
import type { ApiAnswers, ApiSource } from './routes';
import { answerAlerts, answerRules } from './rules';
import { answerLabels, answerLabelValues, answerSeries } from './series';

/** Makes the handlers of the HTTP API. One set per thread. */
export function apiAnswers({ evaluator, reading, families, rules }: ApiSource, inFlight: InFlight): ApiAnswers {
  const api = new Api(inFlight);
  return {
    '/api/v1/query': api.by(answerQuery(evaluator)),
    '/api/v1/query_range': api.by(answerQueryRange(evaluator)),
    '/api/v1/series': api.by(answerSeries(reading)),
    '/api/v1/labels': api.by(answerLabels(reading)),
    '/api/v1/label/:name/values': api.by(answerLabelValues(reading)),
    '/api/v1/metadata': api.by(answerMetadata(families)),
    '/api/v1/rules': api.by(answerRules(rules)),
    '/api/v1/alerts': api.by(answerAlerts(rules)),
    '/api/v1/status/buildinfo': api.by(answerBuildInfo),
  };
}
