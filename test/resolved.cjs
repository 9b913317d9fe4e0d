// Tap is 270 files and the library 140. To find them takes node longer than to load them, in each of two hundred tests:
// `node test/typescript.cjs` finds them once, and tests look them up.
const { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const Module = require('node:module');
const { dirname, isAbsolute, join } = require('node:path');

const ROOT = join(__dirname, '..');
const FOLDER = join(ROOT, 'node_modules', '.cache');
const KEPT = join(FOLDER, 'ringmeter-resolved.json');

const keyOf = (request, parent) => `${dirname(parent.filename)}\0${request}`;

/** Finds what tap and the library load, and keeps where it is. */
function keepResolved() {
  const { _resolveFilename } = Module;
  const found = {};
  Module._resolveFilename = function (request, parent, ...rest) {
    const file = _resolveFilename.call(this, request, parent, ...rest);
    if (parent?.filename && isAbsolute(file)) found[keyOf(request, parent)] = file;
    return file;
  };
  rmSync(KEPT, { force: true });
  require('tap');
  require('ringmeter');
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(KEPT, JSON.stringify(found));
  Module._resolveFilename = _resolveFilename;
}

/** From now on, modules are where they were found, if they still are. */
function useResolved() {
  if (!existsSync(KEPT)) return;
  const found = JSON.parse(readFileSync(KEPT, 'utf8'));
  const { _resolveFilename } = Module;
  Module._resolveFilename = function (request, parent, isMain, options) {
    const file = parent?.filename && options === undefined ? found[keyOf(request, parent)] : undefined;
    return file !== undefined && existsSync(file)
      ? file
      : _resolveFilename.call(this, request, parent, isMain, options);
  };
}

module.exports = { keepResolved, useResolved };
