import * as library from 'prom-client';

import type { Contender } from './contender';
import { openPrometheusStyle } from './prometheus-style';
import { versionOf } from './version';

export const contender: Contender = {
  title: `prom-client ${versionOf('prom-client')}`,
  open: () => openPrometheusStyle(library),
};
