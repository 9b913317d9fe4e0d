/** A rule that makes alerts: one for each series that its expression returns. */
export interface AlertingRule {
  readonly alert: string;
  /** PromQL. */
  readonly expr: string;
  /** How long the expression must return a series before its alert fires: `'5m'`, or milliseconds. Default 0. */
  readonly for?: string | number;
  /** How long an alert goes on firing after its series is gone. Default 0. */
  readonly keepFiringFor?: string | number;
  readonly keep_firing_for?: string | number;
  /** Added to the alert's labels. Values are templates. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Texts for people. Values are templates. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A rule that records series: the result of its expression, under a new name. */
export interface RecordingRule {
  readonly record: string;
  /** PromQL. */
  readonly expr: string;
  /** Set on every series. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** Rules that are evaluated one after the other, at the same moments. */
export interface RuleGroup {
  readonly name: string;
  /** `'30s'`, or milliseconds. Default: the collector's `flushInterval`; a minute where that is 0. */
  readonly interval?: string | number;
  /** Most alerts, or series, of one rule: one that gives more fails. Default 0: no limit. */
  readonly limit?: number;
  readonly rules: readonly (AlertingRule | RecordingRule)[];
}

/** A file in Prometheus' format for rules. */
export interface RuleFile {
  readonly file: string;
}

/** A checked rule with all defaults, as it is sent to threads; times in milliseconds. */
export interface ResolvedRule {
  readonly kind: 'alert' | 'record';
  readonly name: string;
  readonly expression: string;
  readonly holdFor: number;
  readonly keepFiringFor: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface ResolvedGroup {
  /** Empty for a group from code. */
  readonly file: string;
  readonly name: string;
  readonly interval: number;
  /** 0 = none. */
  readonly limit: number;
  readonly rules: readonly ResolvedRule[];
}
