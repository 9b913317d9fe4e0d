import { test } from 'tap';
import type { Arena } from '../../../dist/src/arena/arena.js';
import type { Definition, LabelPairs } from '../../../dist/src/kinds/definition.js';
import { makeArena } from '../bench';
import { type Exploration, explore, type Program } from '../interleave';
import { type Core, core, type Mutation, mutant } from './mutant';

/**
 * What threads do to an arena, explored twice: as it is, where nothing may be wrong, and with faults put back, each of which
 * has to be found. docs/testing.md tells how many states each protocol has.
 */
export type Make = (core: Core) => Omit<Program, 'attach'>;

/** @param faults by what they are; the pieces of the build's text that put them back */
export function protocol(name: string, make: Make, faults: Readonly<Record<string, readonly Mutation[]>> = {}): void {
  test(`${name}: right in every interleaving`, async (t) => {
    const { failure, ...figures } = run(core, make);
    t.comment(JSON.stringify(figures));
    t.equal(failure, undefined, JSON.stringify(failure, undefined, 1));
    t.ok(figures.ends > 0, 'it comes to an end');
  });
  for (const [fault, mutations] of Object.entries(faults))
    test(`${name}: the explorer finds ${fault}`, async (t) => {
      const { failure } = run(mutant(mutations), make);
      t.ok(failure, 'wrong in some interleaving');
      t.comment(failure?.problem ?? '');
    });
}

function run(code: Core, make: Make): Exploration {
  return explore({ attach: (buffer) => code.arena.Arena.attach(buffer), ...make(code) });
}

/** How often an actor may be interrupted in the protocols that have very many states; docs/testing.md. */
export const INTERRUPTIONS = Number(process.env.RINGMETER_INTERRUPTIONS ?? 1);

const OVERFLOW: LabelPairs = [['ringmeter_overflow', 'true']];

/** The series with one label of this value, of a metric with a limit. */
export const wanted = (value: string, limit = 10) => ({
  labels: [['i', value]] as LabelPairs,
  limit,
  beyond: (): LabelPairs => OVERFLOW,
});

/** An arena with one metric that stands. */
export function withFamily(definition: Definition): { arena: Arena; family: number } {
  const arena = makeArena();
  const family = core.register.registerFamily(arena, definition);
  core.overlap.decide(arena, family);
  return { arena, family };
}
