import { hasBuckets, isCumulative } from '../kinds/kinds';
import type { Family } from '../registry/family';
import type { Dashboard } from './options';

/** Sources of the dashboard's values: PromQL with `[$window]`, and names of metrics; undefined if nothing was found. */
export interface Signals {
  requests?: string;
  errors?: string;
  /** A histogram of durations in seconds. */
  latency?: string;
}

/** In order of preference: names given by the library's and other common instrumentation, then similar names. */
const LATENCY = [
  /^http_request_duration_seconds$/,
  /http_(server_)?request_duration_seconds$/,
  /request.*(duration|latency|time).*seconds$/,
  /(http|response|rpc|query|job|handler).*(duration|latency|time).*seconds$/,
  /(duration|latency|time)_seconds$/,
];
const REQUESTS = [/^http_requests_total$/, /http_(server_)?requests_total$/, /requests_total$/];
const ERRORS = [/^http_request_errors_total$/, /request_errors_total$/, /requests?_failed_total$/];
/** Metrics of the library, of node, and of outgoing requests. */
const NOT_SERVED = /^(ringmeter|nodejs|process|system|cgroup)_|client/;
/** Labels that contain the status of an answer. */
const STATUS = /^(http_)?(response_)?(status|code|status_?code)$/i;

/** Finds the sources that the options do not name, by names and labels of the metrics. */
export function findSignals(families: readonly Family[], options: Dashboard): Signals {
  const counters = families.filter(({ definition }) => isCumulative(definition, definition.name));
  const histograms = families.filter(({ definition }) => hasBuckets(definition));
  const latency = options.latency ?? first(histograms, LATENCY)?.definition.name;
  const counter = first(counters, REQUESTS);
  const counted = counter ?? histograms.find(({ definition }) => definition.name === latency);
  const line = counter?.definition.name ?? (counted && `${counted.definition.name}_count`);
  return {
    latency,
    requests: options.requests ?? (line && rateOf(line)),
    errors: options.errors ?? errorsOf(counted, line, first(counters, ERRORS)),
  };
}

function first(families: readonly Family[], patterns: readonly RegExp[]): Family | undefined {
  const served = families.filter(({ definition, series }) => series.count > 0 && !NOT_SERVED.test(definition.name));
  for (const pattern of patterns) {
    const found = served.find(({ definition }) => pattern.test(definition.name));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The expression of errors: by the family's status label if it has one, with 0 as long as there are no errors. */
function errorsOf(
  counted: Family | undefined,
  line: string | undefined,
  errors: Family | undefined,
): string | undefined {
  const status = counted && labelNames(counted).find((name) => STATUS.test(name));
  if (status !== undefined && line !== undefined)
    return `${rateOf(`${line}{${status}=~"5.."}`)} or ${rateOf(line)} * 0`;
  return errors && rateOf(errors.definition.name);
}

function labelNames(family: Family): readonly string[] {
  return family.definition.labelNames ?? family.labels(0).map(([name]) => name);
}

function rateOf(selector: string): string {
  return `sum(rate(${selector}[$window]))`;
}
