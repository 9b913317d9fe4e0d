// Preloaded into the process of every test (.taprc), for the seconds that add up over two hundred of them. Tests are
// CommonJS; tap's own loaders (TypeScript's compiler, mocks of ES modules, coverage) take longer to start than most tests
// run, so they are passed by: a test is translated once and kept by what is in it. `node test/typescript.cjs` translates
// them all, which is quicker than one by one.
const { createHash } = require('node:crypto');
const { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } = require('node:fs');
const Module = require('node:module');
const { join } = require('node:path');
const { useErrorDomain } = require('./error-domain.cjs');
const { keepResolved, useResolved } = require('./resolved.cjs');

const ROOT = join(__dirname, '..');
const EXAMPLES = join(ROOT, 'examples');
const KEPT = join(ROOT, 'node_modules', '.cache', 'ringmeter-tests');
const OPTIONS = readFileSync(join(ROOT, 'tsconfig.json'));

function translate(fileName, source) {
  const ts = require('typescript');
  const { compilerOptions } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), ts.sys.readFile).config;
  const { options } = ts.convertCompilerOptionsFromJson(compilerOptions, ROOT);
  Object.assign(options, { declaration: false, sourceMap: false, inlineSourceMap: true, outDir: undefined });
  return ts.transpileModule(source, { fileName, compilerOptions: options }).outputText;
}

/** Where the JavaScript of a file is, named by what is in the file and by how it is translated. */
function translated(file) {
  const source = readFileSync(file, 'utf8');
  const hash = createHash('sha256').update(OPTIONS).update(`${file}\0`).update(source);
  const path = join(KEPT, `${hash.digest('hex')}.js`);
  if (existsSync(path)) return path;
  mkdirSync(KEPT, { recursive: true });
  // other tests may be at the same file: they see all of it or nothing
  writeFileSync(`${path}.${process.pid}`, translate(file, source));
  renameSync(`${path}.${process.pid}`, path);
  return path;
}

function translateAll() {
  const files = [__dirname, EXAMPLES].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => join(folder, file)),
  );
  const paths = new Set(files.map(translated));
  for (const name of readdirSync(KEPT)) if (!paths.has(join(KEPT, name))) rmSync(join(KEPT, name));
}

function loadTranslated() {
  Module._extensions['.ts'] = (module, file) => module._compile(readFileSync(translated(file), 'utf8'), file);
  const { runMain } = Module;
  // a main module that is required, not imported, starts without a look at `--import`
  Module.runMain = (main) => (main?.endsWith('.ts') ? Module._load(main, null, true) : runMain(main));
  // an example starts others of its files with its own options
  if (process.argv[1]?.startsWith(EXAMPLES)) return;
  // nor do the processes that a test starts get tap's loaders
  process.execArgv = [];
  process.env.NODE_OPTIONS = '';
}

if (require.main === module) {
  translateAll();
  keepResolved();
} else {
  useResolved();
  useErrorDomain();
  loadTranslated();
}
