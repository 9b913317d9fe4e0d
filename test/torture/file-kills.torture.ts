import { test } from 'tap';
import { SEED } from '../instruments/support';
import { killWriters } from '../storages/file/kill';

const KILLS = Number(process.env.RINGMETER_TORTURE_KILLS ?? 200);

test(
  `${KILLS} writers that are killed leave every flush that was stored, and every line whole (RINGMETER_SEED=${SEED})`,
  {
    timeout: (KILLS * 2 + 60) * 1000,
  },
  (t) => killWriters(t, SEED, KILLS),
);
