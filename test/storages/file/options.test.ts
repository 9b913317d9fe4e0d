import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { FileStorage, type FileStorageOptions } from 'ringmeter';
import { test } from 'tap';
import { refuses } from '../../instruments/support';

const root = join(__dirname, '..', '..', '..');

test('options are checked', async (t) => {
  const make = (options: unknown) => () => new FileStorage(options as FileStorageOptions);
  for (const [options, ...says] of [
    [undefined, 'directory must be a path', 'undefined'],
    [null, 'FileStorage options must be an object'],
    [{}, 'directory must be a path'],
    [{ directory: '' }, 'directory must be a path', '""'],
    [{ directory: 'a\0b' }, 'directory must be a path'],
    [{ directory: 7 }, 'directory must be a path', '7'],
    [{ directory: 'x', path: 'y' }, 'path', 'directory, maxFileBytes'],
    [{ directory: 'x', maxFileBytes: 1_023 }, 'maxFileBytes', '1024'],
    [{ directory: 'x', maxFileBytes: 5_000, maxBytes: 4_999 }, 'maxFileBytes', '4999'],
    [{ directory: 'x', maxBytes: 4_095 }, 'maxBytes', '4096'],
    [{ directory: 'x', maxBytes: 1e6 + 0.5 }, 'maxBytes', 'integer'],
    [{ directory: 'x', maxFileAge: 0 }, 'maxFileAge'],
    [{ directory: 'x', maxAge: Number.NaN }, 'maxAge', 'NaN'],
    [{ directory: 'x', gzip: 'yes' }, 'gzip must be a boolean', '"yes"'],
    [{ directory: 'x', fsync: 'always' }, 'fsync', 'flush, close, never', '"always"'],
    [{ directory: 'x', interval: -1 }, 'interval of file'],
    [{ directory: 'x', queue: { maxBytes: 1 } }, 'queue.maxBytes of file'],
    [{ directory: 'x', name: '' }, 'name of file'],
  ] as const)
    refuses(t, make(options), 'RINGMETER_INVALID_OPTION', ...says);
});

test('the defaults are those of the documentation, which lists exactly the options', async (t) => {
  const documentation = readFileSync(join(root, 'docs', 'storage-file.md'), 'utf8');
  const [, section] = /\n## Options\n(.*?)\n#/s.exec(documentation)!;
  const rows = section.split('\n').filter((line) => line.startsWith('| `'));
  const documented = Object.fromEntries(
    rows.map((row) =>
      row
        .split('|')
        .slice(1, 3)
        .map((cell) => cell.trim().replaceAll('`', '')),
    ),
  );
  const { description } = new FileStorage({ directory: 'relative', name: 'archive', timeout: 5_000 });
  const { source, directory, ...options } = description.options as Record<string, unknown>;
  t.same(Object.keys(documented), ['directory', ...Object.keys(options)]);
  t.equal(directory, resolve('relative'), 'the worker may have another working directory');
  t.match(source, /-\d+-[0-9a-f]{8}$/);
  const evaluate = (code: string): unknown => new Function('maxBytes', `return (${code})`)(2 ** 30);
  for (const [name, value] of Object.entries(options))
    t.equal(evaluate(documented[name]), name.endsWith('Age') ? Number(value) / 1000 : value, name);
  t.match(description, { kind: 'file', delivery: { name: 'archive', timeout: 5_000 } });
  const small = new FileStorage({ directory: 'x', maxBytes: 8_192 }).description.options;
  t.match(small, { maxBytes: 8_192, maxFileBytes: 2_048 });
});

test('the lines in the documentation match the format', async (t) => {
  const documentation = readFileSync(join(root, 'docs', 'storage-file.md'), 'utf8');
  const [, block] = /```json\n(.*?)```/s.exec(documentation)!;
  const lines = block.trimEnd().split('\n');
  const strings = await import('../../../dist/src/storages/file/stringify.js');
  const { stringifyHeader, stringifyMetric, stringifySeries, stringifyValues, stringifyFlush } = strings;
  const kinds = [stringifyHeader, stringifyMetric, stringifySeries, stringifySeries, stringifyValues, stringifyFlush];
  t.equal(lines.length, kinds.length);
  for (const [index, stringify] of kinds.entries())
    t.equal((stringify as (line: object) => string)(JSON.parse(lines[index])), lines[index]);
});
