// Puts beside the compiled scripts of the dashboard's page what they need: its own files, and the chart library.
const { copyFileSync, mkdirSync } = require('node:fs');
const { dirname, join } = require('node:path');

const root = join(__dirname, '..');
const page = join(root, 'src', 'dashboard', 'page');
const uplot = dirname(require.resolve('uplot/package.json'));
const target = join(root, 'dist', 'dashboard');

mkdirSync(target, { recursive: true });
for (const [from, name, to = name] of [
  [page, 'index.html'],
  [page, 'base.css'],
  [page, 'layout.css'],
  [page, 'panels.css'],
  [page, 'icon.svg'],
  [join(uplot, 'dist'), 'uPlot.esm.js', 'uplot.js'],
  [join(uplot, 'dist'), 'uPlot.min.css', 'uplot.css'],
  [uplot, 'LICENSE', 'uplot-license.txt'],
])
  copyFileSync(join(from, name), join(target, to));
