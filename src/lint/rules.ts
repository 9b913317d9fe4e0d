/** error: breaks the format, or is read as something else. warning: against the conventions. advice: worth a thought. */
export type Severity = 'error' | 'warning' | 'advice';

/** Stable names and severities of all rules. `docs/lint.md` lists the same. */
export const RULES = {
  'bad-escape': 'error',
  'duplicate-label': 'error',
  'duplicate-sample': 'error',
  'histogram-bucket-label': 'error',
  'histogram-count': 'error',
  'histogram-cumulative': 'error',
  'histogram-inf': 'error',
  interleaved: 'error',
  'label-reserved': 'error',
  'late-metadata': 'error',
  'no-eof': 'error',
  'no-final-newline': 'error',
  'repeated-metadata': 'error',
  'stray-sample': 'error',
  'summary-quantile': 'error',
  'unit-suffix': 'error',
  'value-range': 'error',
  'camel-case': 'warning',
  'cardinality-overflow': 'warning',
  colon: 'warning',
  'counter-total': 'warning',
  'histogram-layouts': 'warning',
  'info-value': 'warning',
  'label-email': 'warning',
  'label-id': 'warning',
  'label-le-quantile': 'warning',
  'label-path-id': 'warning',
  'label-timestamp': 'warning',
  'label-uuid': 'warning',
  'no-help': 'warning',
  percent: 'warning',
  'reserved-suffix': 'warning',
  'total-suffix': 'warning',
  'type-in-name': 'warning',
  'unit-abbreviation': 'warning',
  'unit-base': 'warning',
  'buckets-beyond': 'warning',
  'buckets-one': 'warning',
  'buckets-coarse': 'advice',
  'buckets-unused': 'advice',
  'label-address': 'advice',
  'label-many': 'advice',
  'label-target': 'advice',
  'no-type': 'advice',
  timestamps: 'advice',
} as const satisfies Record<string, Severity>;

export type LintRule = keyof typeof RULES;

/** A finding of the linter. */
export interface Finding {
  rule: LintRule;
  severity: Severity;
  /** The metric's name; '' if it is about the exposition as a whole. */
  metric: string;
  /** What is wrong, why that matters and what to do. */
  message: string;
  /** The label that it is about. */
  label?: string;
  /** Of an exposition that was read, from 1. */
  line?: number;
  /** Bounds that fit the observed values better. */
  buckets?: number[];
}

/** Reports a finding of a rule; the severity is added later. */
export type Report = (rule: LintRule, message: string, more?: Pick<Finding, 'label' | 'line' | 'buckets'>) => void;
