import { test } from 'tap';
import { Arena } from '../../dist/src/arena/arena.js';
import { makeArena } from './bench';
import { explore } from './interleave';

// What the explorer finds of small programs whose behaviours are known. One that is missing would let it miss faults; one
// that machines do not have would let it report faults that cannot happen.

/** Words in the heap that nobody uses. */
const WORDS = { x: 40_000, y: 40_008 };
type Word = keyof typeof WORDS;
type Operation = readonly ['store' | 'release' | 'add', Word, number] | readonly ['load' | 'acquire', Word];

function perform(i32: Int32Array, [kind, word, value = 0]: Operation): number[] {
  const index = WORDS[word] * 2;
  if (kind === 'load') return [i32[index]];
  if (kind === 'acquire') return [Atomics.load(i32, index)];
  if (kind === 'add') return [Atomics.add(i32, index, value)];
  if (kind === 'release') Atomics.store(i32, index, value);
  else i32[index] = value;
  return [];
}

/** All that the actors' loads can show together, and what is left in the memory at the end. */
function outcomes(...actors: readonly (readonly Operation[])[]): string[] {
  const found = new Set<string>();
  explore({
    buffer: makeArena().buffer,
    attach: (buffer) => Arena.attach(buffer),
    actors: actors.map(
      (operations) =>
        ({ i32 }) =>
          operations.flatMap((operation) => perform(i32, operation)).join(''),
    ),
    check({ i32 }, results) {
      found.add(`${results.join(' ').trim()} -> ${i32[WORDS.x * 2]}${i32[WORDS.y * 2]}`);
      return undefined;
    },
  });
  return [...found].sort();
}

const LITMUS: readonly [name: string, actors: readonly (readonly Operation[])[], allowed: readonly string[]][] = [
  [
    'a message that is published plainly may be seen before what it announces',
    [
      [
        ['store', 'x', 1],
        ['store', 'y', 1],
      ],
      [
        ['acquire', 'y'],
        ['load', 'x'],
      ],
    ],
    ['00 -> 11', '01 -> 11', '10 -> 11', '11 -> 11'],
  ],
  [
    'a message that is loaded plainly may be seen before what it announces',
    [
      [
        ['store', 'x', 1],
        ['release', 'y', 1],
      ],
      [
        ['load', 'y'],
        ['load', 'x'],
      ],
    ],
    ['00 -> 11', '01 -> 11', '10 -> 11', '11 -> 11'],
  ],
  [
    'a message that is published and loaded atomically is seen after what it announces',
    [
      [
        ['store', 'x', 1],
        ['release', 'y', 1],
      ],
      [
        ['acquire', 'y'],
        ['load', 'x'],
      ],
    ],
    ['00 -> 11', '01 -> 11', '11 -> 11'],
  ],
  [
    'two threads that store and then load may both see the old values',
    [
      [
        ['store', 'x', 1],
        ['load', 'y'],
      ],
      [
        ['store', 'y', 1],
        ['load', 'x'],
      ],
    ],
    ['0 0 -> 11', '0 1 -> 11', '1 0 -> 11', '1 1 -> 11'],
  ],
  [
    'even if they do so atomically, which the language does not allow: the memory is weaker',
    [
      [
        ['release', 'x', 1],
        ['acquire', 'y'],
      ],
      [
        ['release', 'y', 1],
        ['acquire', 'x'],
      ],
    ],
    ['0 0 -> 11', '0 1 -> 11', '1 0 -> 11', '1 1 -> 11'],
  ],
  [
    'no thread sees a word go back',
    [
      [
        ['store', 'x', 1],
        ['store', 'x', 2],
      ],
      [
        ['load', 'x'],
        ['load', 'x'],
      ],
    ],
    ['00 -> 20', '01 -> 20', '02 -> 20', '11 -> 20', '12 -> 20', '22 -> 20'],
  ],
  [
    'no addition is lost',
    [[['add', 'x', 1]], [['add', 'x', 2]], [['add', 'x', 4]]],
    ['0 1 3 -> 70', '0 5 1 -> 70', '2 0 3 -> 70', '4 5 0 -> 70', '6 0 2 -> 70', '6 4 0 -> 70'],
  ],
  [
    'what a thread has stored after a load may be seen by another one before it loads again',
    [
      [
        ['release', 'x', 3],
        ['acquire', 'x'],
        ['store', 'x', 2],
        ['acquire', 'x'],
      ],
      [
        ['load', 'x'],
        ['store', 'x', 4],
      ],
    ],
    [
      '32 0 -> 20',
      '32 0 -> 40',
      '32 2 -> 40',
      '32 3 -> 20',
      '32 3 -> 40',
      '34 0 -> 40',
      '34 2 -> 40',
      '34 3 -> 40',
      '42 0 -> 20',
      '42 3 -> 20',
    ],
  ],
];

for (const [name, actors, allowed] of LITMUS)
  test(name, async (t) => {
    t.strictSame(outcomes(...actors), allowed);
  });
