/** Names of metrics. Source: Prometheus, "Data model". */
export const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
/** Names of labels. */
export const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
