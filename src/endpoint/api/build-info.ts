import { stringifier } from '../../common/stringifier';
import { VERSION } from '../../common/version';
import type { Handler } from './api';

/**
 * Clients such as Grafana derive the supported API from the version: this is a Prometheus version whose API equals the
 * implemented part. `revision` names the real software.
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
