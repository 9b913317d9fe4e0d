/**
 * The rules for the API. All times are wall-clock milliseconds, all durations milliseconds. The state of a group, which
 * may have megabytes, is read lazily during the iteration.
 */
export interface RulesView {
  rules(): Iterable<RuleGroup>;
  /** The alerts that are pending or firing, of all rules. */
  alerts(): Iterable<ActiveAlert>;
}

export interface RuleGroup {
  readonly name: string;
  /** The rule file, as in Prometheus. */
  readonly file: string;
  readonly interval: number;
  /** Most series or alerts of one rule; 0 = any number. */
  readonly limit: number;
  readonly evaluationTime: number;
  /** Undefined if it has not been evaluated yet. */
  readonly lastEvaluation?: number;
  readonly rules: readonly (AlertingRule | RecordingRule)[];
}

interface EveryRule {
  readonly name: string;
  /** PromQL. */
  readonly query: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly health: 'ok' | 'err' | 'unknown';
  readonly lastError?: string;
  readonly evaluationTime: number;
  readonly lastEvaluation?: number;
}

export interface RecordingRule extends EveryRule {
  readonly type: 'recording';
}

export interface AlertingRule extends EveryRule {
  readonly type: 'alerting';
  readonly state: 'inactive' | 'pending' | 'firing';
  /** For how long the condition has to hold. */
  readonly duration: number;
  readonly keepFiringFor: number;
  readonly annotations: Readonly<Record<string, string>>;
  readonly alerts: readonly ActiveAlert[];
}

export interface ActiveAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: 'pending' | 'firing';
  readonly activeAt: number;
  readonly value: number;
}

/** There are no rules. */
export const NO_RULES: RulesView = { rules: () => [], alerts: () => [] };
