import { stringifier } from '../../common/stringifier';
import type { Family } from '../../registry/family';
import type { Handler } from './api';
import { objectOf } from './envelope';

const nameText = stringifier({ type: 'string' } as const);
const entriesText = stringifier({
  type: 'array',
  items: {
    type: 'object',
    properties: { type: { type: 'string' }, help: { type: 'string' }, unit: { type: 'string' } },
  },
} as const);

/** `/api/v1/metadata`: there is never more than one entry of a metric. */
export function answerMetadata(families: () => readonly Family[]): Handler {
  return ({ parameters }) => {
    const limit = parameters.count('limit', -1);
    const each = parameters.count('limit_per_metric', -1) === 0 ? 0 : 1;
    const wanted = parameters.text('metric');
    const found = families().filter(({ definition: { name } }) => wanted === '' || name === wanted);
    const shown = limit < 0 ? found : found.slice(0, limit);
    const entry = ({ definition: { name, type, description: help, unit } }: Family): string =>
      `${nameText(name)}:${entriesText([{ type, help, unit }].slice(0, each))}`;
    return { data: objectOf(shown, entry) };
  };
}
