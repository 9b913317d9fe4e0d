import { test } from 'tap';
import { runProgram } from '../threads/run-program';

const SECONDS = Number(process.env.RINGMETER_TORTURE_SECONDS ?? 600);
const SEED = Number(process.env.RINGMETER_SEED ?? Math.floor(Math.random() * 2 ** 31));

test(`random programs lose nothing for ${SECONDS} s (RINGMETER_SEED=${SEED})`, {
  timeout: (SECONDS + 60) * 1000,
}, async (t) => {
  const deadline = Date.now() + SECONDS * 1000;
  let programs = 0;
  for (; Date.now() < deadline; programs++) {
    const problems = await runProgram(SEED + programs);
    if (problems.length > 0) t.fail(`program ${SEED + programs}`, { problems });
  }
  t.ok(programs > 0, `${programs} programs`);
});
