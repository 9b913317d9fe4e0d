import { runInNewContext } from 'node:vm';
import { test } from 'tap';
import { checkBoolean, checkFunction, checkTime } from '../../dist/src/common/options-check.js';

const INVALID = { code: 'RINGMETER_INVALID_OPTION' };

test('a time is milliseconds, or a Date of any realm', async (t) => {
  t.equal(checkTime('from', 5), 5);
  t.equal(checkTime('from', new Date(5)), 5);
  t.equal(checkTime('from', runInNewContext('new Date(5)')), 5);
  for (const time of [undefined, null, '5', Number.NaN, Number.POSITIVE_INFINITY, new Date(Number.NaN), {}])
    t.throws(() => checkTime('from', time), {
      ...INVALID,
      message: /^from must be a Date or milliseconds since 1970, got /,
    });
  t.throws(() => checkTime('from', 'x', 'RINGMETER_INVALID_QUERY'), { code: 'RINGMETER_INVALID_QUERY' });
});

test('the text of a boolean is no boolean, and only functions are functions', async (t) => {
  t.equal(checkBoolean('gzip', undefined, true), true);
  t.equal(checkBoolean('gzip', false, true), false);
  t.throws(() => checkBoolean('gzip', 'false', true), { ...INVALID, message: 'gzip must be a boolean, got "false"' });
  t.throws(() => checkFunction('route', 'x'), { ...INVALID, message: 'route must be a function, got "x"' });
});
