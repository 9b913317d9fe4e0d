import { test } from 'tap';
import { runProgram } from './run-program';

const SEED = Number(process.env.RINGMETER_SEED ?? Math.floor(Math.random() * 2 ** 31));
/** More of them, for as long as one likes: `npm run test:torture`. */
const PROGRAMS = 3;

test(`random programs of many threads, killed at random, lose nothing (RINGMETER_SEED=${SEED})`, async (t) => {
  for (let program = 0; program < PROGRAMS; program++)
    t.same(await runProgram(SEED + program), [], `program ${SEED + program}`);
});
