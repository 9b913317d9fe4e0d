// Writes the ESM entry over the CommonJS build, so that `import` and `require` get the same single instance.
const { writeFileSync } = require('node:fs');
const { join } = require('node:path');

const dist = join(__dirname, '..', 'dist');
const names = Object.keys(require(join(dist, 'src', 'index.js'))).sort();
writeFileSync(
  join(dist, 'index.mjs'),
  `import ringmeter from './src/index.js';\n${names.map((name) => `export const ${name} = ringmeter.${name};\n`).join('')}export default ringmeter;\n`,
);
writeFileSync(
  join(dist, 'index.d.mts'),
  `export * from './src/index.js';\nimport * as ringmeter from './src/index.js';\nexport default ringmeter;\n`,
);
