import { test } from 'tap';
import { SEED } from '../../instruments/support';
import { killWriters } from './kill';

test(`writers that are killed leave every flush that was stored, and every line whole (RINGMETER_SEED=${SEED})`, (t) =>
  killWriters(t, SEED, 25));
