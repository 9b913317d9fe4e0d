import type { RulePort } from '../alerts/port';
import type { Settings } from '../common/settings';
import type { Storage } from '../delivery/types';
import type { FlushPoolOptions } from './flush-pool';

/** A collector's options for everything except recording, with all defaults filled in. */
export interface FlushingOptions extends FlushPoolOptions {
  settings: Settings;
  storages: readonly Storage[];
  rules: RulePort | undefined;
}
