import type { RulePort } from '../alerts/port';
import type { Settings } from '../common/settings';
import type { Storage } from '../delivery/types';
import type { FlushPoolOptions } from './flush-pool';

/** What a collector's creator wants of everything beyond recording, with every default filled in. */
export interface FlushingOptions extends FlushPoolOptions {
  settings: Settings;
  storages: readonly Storage[];
  rules: RulePort | undefined;
}
