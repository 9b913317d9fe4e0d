import { test } from 'tap';
import { exponentText, sampleText } from '../../../dist/src/endpoint/api/number-text.js';

test('numbers are written as Go writes them', async (t) => {
  for (const [value, text, exponent] of [
    [0, '0', '0e+00'],
    [-0, '-0', '-0e+00'],
    [1, '1', '1e+00'],
    [-1.5, '-1.5', '-1.5e+00'],
    [123456789, '123456789', '1.23456789e+08'],
    [1e20, '100000000000000000000', '1e+20'],
    [1e21, '1e+21', '1e+21'],
    [1.5e300, '1.5e+300', '1.5e+300'],
    [1e-6, '0.000001', '1e-06'],
    [9.9e-7, '9.9e-07', '9.9e-07'],
    [5e-324, '5e-324', '5e-324'],
    [0.1 + 0.2, '0.30000000000000004', '3.0000000000000004e-01'],
    [Number.NaN, 'NaN', 'NaN'],
    [Number.POSITIVE_INFINITY, '+Inf', '+Inf'],
    [Number.NEGATIVE_INFINITY, '-Inf', '-Inf'],
  ] as const) {
    t.equal(sampleText(value), text);
    t.equal(exponentText(value), exponent);
  }
});
