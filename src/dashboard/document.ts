import type { StorageStats } from '../delivery/stats';
import type { ThreadState } from './stalls';
import type { SystemFigures } from './system';

/** Everything that a dashboard shows at one time. Unknown numbers are null. Times in wall-clock milliseconds. */
export interface DashboardDocument {
  time: number;
  title: string;
  version: string;
  timeZone: string;
  system: SystemFigures & { threads: ThreadState[]; lastStall: LastStall | null };
  application: ApplicationFigures;
  /** By the names that the option `figures` gives them. */
  business: Record<string, FigureValue>;
  alerts: { firing: number; pending: number; active: ShownAlert[] };
  storages: StorageHealth[];
  cardinality: { series: number; top: { name: string; type: string; series: number; limit: number }[] };
}

/** The last stall that lasted longer than `defaultMetrics.stallThreshold`, which has to be set. */
export interface LastStall {
  thread: string;
  seconds: number;
  /** When it was noticed. */
  at: number;
  /** The stack of the blocked thread, innermost call first; or the reason why it is unknown. */
  stack: string;
}

export interface ApplicationFigures {
  requestsPerSecond: number | null;
  errorsPerSecond: number | null;
  /** Share of all requests, 0 to 1; null without requests. */
  errorRate: number | null;
  latency: { p50: number | null; p95: number | null; p99: number | null };
  /** The range of rates and quantiles. */
  windowSeconds: number;
  /** PromQL, or the name of the histogram; null where nothing was found. */
  sources: { requests: string | null; errors: string | null; latency: string | null };
  /** Why a part of it is unknown; null if nothing is. */
  error: string | null;
}

export interface FigureValue {
  value: number | null;
  unit: string;
  description: string;
  /** For expressions with `$today`, when counting began: midnight, or later if earlier data are unknown. */
  since: number | null;
  /** Why there is no value; null if there is one, or nothing has been recorded yet. */
  error: string | null;
}

export interface ShownAlert {
  name: string;
  state: 'pending' | 'firing';
  labels: Record<string, string>;
  annotations: Record<string, string>;
  value: number | null;
  activeAt: number;
}

export interface StorageHealth extends Omit<StorageStats, 'lastError' | 'lastSuccess'> {
  state: 'ok' | 'failing' | 'idle';
  lastSuccess: number | null;
  lastError: string | null;
}
