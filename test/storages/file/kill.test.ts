import { test } from 'tap';
import { SEED } from '../../instruments/support';
import { killWriters } from './kill';

/** `npm run test:torture` kills many more. */
const KILLS = 25;

test(`writers that are killed leave every flush that was stored, and every line whole (RINGMETER_SEED=${SEED})`, (t) =>
  killWriters(t, SEED, KILLS));
