import type * as PromClient from 'prom-client';
import type { Contender } from './contender';
import { openPrometheusStyle } from './prometheus-style';
import { versionOf } from './version';

const NAME = '@prometheus-io/client';
/** The first Node that the package says it works on. */
const OLDEST_NODE = 22;

const version = versionOf(NAME);
const [major] = process.versions.node.split('.').map(Number);

export const contender: Contender = {
  title: `${NAME} ${version}`,
  skipped:
    major >= OLDEST_NODE
      ? undefined
      : `${NAME} ${version} needs Node ${OLDEST_NODE} or newer, and this is Node ${process.versions.node}.`,
  open: () => openPrometheusStyle(require(NAME) as typeof PromClient),
};
