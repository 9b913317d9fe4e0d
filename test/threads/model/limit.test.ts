import type { Arena } from '../../../dist/src/arena/arena.js';
import { definitionOf } from '../bench';
import { INTERRUPTIONS, type Make, protocol, wanted, withFamily } from './protocol';

const definition = definitionOf('counter');

/** What two threads get that register a set each, where there is room for one more. */
function atTheLimit(
  values: readonly [string, string],
  check: (refused: number, members: number) => string | undefined,
): Make {
  return (core) => {
    const { arena, family } = withFamily(definition);
    const register = (value: string) => (own: Arena) => {
      const { series, refusal } = core.register.registerSeries(own, family, definition, wanted(value, 1));
      return { id: series.id, refusal };
    };
    return {
      buffer: arena.buffer,
      interruptions: INTERRUPTIONS,
      actors: values.map(register),
      check(own, results) {
        const [a, b] = results as { id: number; refusal?: string }[];
        if (values[0] === values[1] && a.id !== b.id) return `two series of one set: ${a.id}, ${b.id}`;
        const refused = [a, b].filter(({ refusal }) => refusal !== undefined).length;
        const problem = check(refused, Atomics.load(own.i32, core.lives.membersOf(family)));
        return problem && `${problem}: ${JSON.stringify(results)}`;
      },
    };
  };
}

protocol(
  'one set that two threads register where there is room for one',
  atTheLimit(['a', 'a'], (refused, members) =>
    refused === 0 && members === 1 ? undefined : `${refused} refused, ${members} members`,
  ),
  {
    'a refusal without a second look': [
      ['registry/register.js', '(refusal !== undefined && births !== (0, births_1.birthMark)(arena))', 'false'],
    ],
  },
);
