import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** Not `require`: bundlers look for what that loads when they build, and some of them fail then. */
const load = createRequire(__filename);

/** Where `build/stringifiers.cjs` puts the code that it compiles from the schemas. */
const COMPILED = join(__dirname, '..', '..', 'json');

/**
 * What writes values of a JSON schema. The code is compiled when the package is built, since compiling at run time would
 * take the time of every start and is not allowed where code generation is (`--disallow-code-generation-from-strings`). A
 * schema that was not there at the build is compiled now.
 */
export function stringifier<T = unknown>(schema: object): (value: T) => string {
  const name = createHash('sha256').update(JSON.stringify(schema)).digest('hex').slice(0, 16);
  const file = join(COMPILED, `${name}.js`);
  if (existsSync(file)) return load(file);
  const build = require('fast-json-stringify') as (schema: object) => (value: T) => string;
  return build(schema);
}
