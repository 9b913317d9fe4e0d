// Compiles the JSON schemas of the build to code: each module that has some is loaded, with a compiler that writes down what
// it is asked for. See src/common/stringifier.ts.
const { createHash } = require('node:crypto');
const { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

const dist = join(__dirname, '..', 'dist');
const target = join(dist, 'json');
const compiler = require.resolve('fast-json-stringify');
const build = require(compiler);

rmSync(target, { recursive: true, force: true });
mkdirSync(target);
require.cache[compiler].exports = (schema) => {
  const name = createHash('sha256').update(JSON.stringify(schema)).digest('hex').slice(0, 16);
  writeFileSync(join(target, `${name}.js`), build(JSON.parse(JSON.stringify(schema)), { mode: 'standalone' }));
  return build(schema);
};
for (const file of readdirSync(join(dist, 'src'), { recursive: true }))
  if (file.endsWith('.js') && readFileSync(join(dist, 'src', file), 'utf8').includes('stringifier_1.stringifier'))
    require(join(dist, 'src', file));
