import { test } from 'tap';
import {
  finiteOrNull,
  formatExponent,
  formatFixed,
  formatGeneral,
  formatNumber,
  formatSample,
} from '../../dist/src/common/format-float.js';

test("numbers are written as Prometheus' API and Go's formats e, f and g write them", async (t) => {
  for (const [value, sample, exponent, fixed, general] of [
    [0, '0', '0e+00', '0', '0'],
    [-0, '-0', '-0e+00', '-0', '-0'],
    [1, '1', '1e+00', '1', '1'],
    [-1.5, '-1.5', '-1.5e+00', '-1.5', '-1.5'],
    [999999, '999999', '9.99999e+05', '999999', '999999'],
    [1e6, '1000000', '1e+06', '1000000', '1e+06'],
    [123456789, '123456789', '1.23456789e+08', '123456789', '1.23456789e+08'],
    [1e20, '100000000000000000000', '1e+20', '100000000000000000000', '1e+20'],
    [-1.5e21, '-1.5e+21', '-1.5e+21', '-1500000000000000000000', '-1.5e+21'],
    [1e100, '1e+100', '1e+100', `1${'0'.repeat(100)}`, '1e+100'],
    [1e-4, '0.0001', '1e-04', '0.0001', '0.0001'],
    [9.9e-5, '0.000099', '9.9e-05', '0.000099', '9.9e-05'],
    [1e-6, '0.000001', '1e-06', '0.000001', '1e-06'],
    [9.9e-7, '9.9e-07', '9.9e-07', '0.00000099', '9.9e-07'],
    [5e-324, '5e-324', '5e-324', `0.${'0'.repeat(323)}5`, '5e-324'],
    [0.1 + 0.2, '0.30000000000000004', '3.0000000000000004e-01', '0.30000000000000004', '0.30000000000000004'],
    [Number.NaN, 'NaN', 'NaN', 'NaN', 'NaN'],
    [Number.POSITIVE_INFINITY, '+Inf', '+Inf', '+Inf', '+Inf'],
    [Number.NEGATIVE_INFINITY, '-Inf', '-Inf', '-Inf', '-Inf'],
  ] as const) {
    t.equal(formatSample(value), sample, `${sample}, sample`);
    t.equal(formatExponent(value), exponent, `${sample}, e`);
    t.equal(formatFixed(value), fixed, `${sample}, f`);
    t.equal(formatGeneral(value), general, `${sample}, g`);
  }
});

test('numbers are written with as many digits as wanted, and halves are rounded to even', async (t) => {
  for (const [value, digits, exponent, fixed, general] of [
    [0, 2, '0.00e+00', '0.00', '0'],
    [-0, 2, '-0.00e+00', '-0.00', '-0'],
    [0.5, 0, '5e-01', '0', '0.5'],
    [2.5, 0, '2e+00', '2', '2'],
    [-3.5, 0, '-4e+00', '-4', '-4'],
    [0.125, 2, '1.25e-01', '0.12', '0.12'],
    [0.375, 2, '3.75e-01', '0.38', '0.38'],
    [1.005, 2, '1.00e+00', '1.00', '1'],
    [99.96, 3, '9.996e+01', '99.960', '100'],
    [1234.5, 4, '1.2345e+03', '1234.5000', '1234'],
    [12345, 4, '1.2345e+04', '12345.0000', '1.234e+04'],
    [0.00001234, 3, '1.234e-05', '0.000', '1.23e-05'],
    [1.5e21, 1, '1.5e+21', '1500000000000000000000.0', '2e+21'],
    [Number.NaN, 2, 'NaN', 'NaN', 'NaN'],
  ] as const) {
    t.equal(formatExponent(value, digits), exponent, `${value} e`);
    t.equal(formatFixed(value, digits), fixed, `${value} f`);
    t.equal(formatGeneral(value, digits), general, `${value} g`);
  }
  for (const format of [formatExponent, formatFixed, formatGeneral])
    t.equal(Number(format(0.1, 1000)), 0.1, 'more digits than JavaScript writes are no error');
});

test('text formats show the digits of JavaScript, and JSON shows null for what it has no numbers for', async (t) => {
  t.strictSame([1e-7, 1e21, -0, 0.005, Number.POSITIVE_INFINITY, Number.NaN].map(formatNumber), [
    '1e-7',
    '1e+21',
    '0',
    '0.005',
    '+Inf',
    'NaN',
  ]);
  t.strictSame([1, Number.NaN, Number.NEGATIVE_INFINITY, undefined].map(finiteOrNull), [1, null, null, null]);
});
