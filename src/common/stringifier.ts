import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** Not `require`: bundlers would resolve its argument at build time, and some of them fail. */
const load = createRequire(__filename);

/** Output folder of `build/stringifiers.cjs`, which compiles the schemas. */
const COMPILED = join(__dirname, '..', '..', 'json');

/**
 * Returns a serializer for values of a JSON schema. Its code is compiled when the package is built: compiling at run
 * time would slow down every start, and `--disallow-code-generation-from-strings` forbids it. A schema that was unknown
 * at the build is compiled now.
 */
export function stringifier<T = unknown>(schema: object): (value: T) => string {
  const name = createHash('sha256').update(JSON.stringify(schema)).digest('hex').slice(0, 16);
  const file = join(COMPILED, `${name}.js`);
  if (existsSync(file)) return load(file);
  const build = require('fast-json-stringify') as (schema: object) => (value: T) => string;
  return build(schema);
}
