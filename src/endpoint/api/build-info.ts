import { stringifier } from '../../common/stringifier';
import { VERSION } from '../../common/version';
import type { Handler } from './api';

/**
 * Clients such as Grafana learn from the version what a Prometheus can be asked: this is one whose API, as far as it goes,
 * is the same. `revision` says what it is really.
 */
const LIKE_PROMETHEUS = '2.45.0';

const stringify = stringifier({ type: 'object', additionalProperties: { type: 'string' } } as const);

const data = stringify({
  version: LIKE_PROMETHEUS,
  revision: `ringmeter ${VERSION}`,
  branch: '',
  buildUser: '',
  buildDate: '',
  goVersion: '',
});

/** `/api/v1/status/buildinfo` */
export const answerBuildInfo: Handler = () => ({ data: [data] });
