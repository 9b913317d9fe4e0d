// Packs the package, installs it into fresh projects, and runs it under the tools that its users have: test runners,
// bundlers, compilers, loaders. `node test/package/run.cjs [names]`; needs a registry of packages and a build.
const { execFileSync, spawnSync } = require('node:child_process');
const { mkdirSync, mkdtempSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { dirname, join } = require('node:path');

const ROOT = join(__dirname, '..', '..');
const SERVES = `const c = new MetricsCollector({ flushInterval: 0 }); c.counter('a_total').inc();
c.listen({ port: 0 }).then(async ({ url }) => {
  if (!/^a_total 1$/m.test(await (await fetch(url)).text())) throw new Error('not served');
  await c.close(); console.log('fine');
});\n`;
const REQUIRES = `const { MetricsCollector } = require('ringmeter');\n${SERVES}`;
const IMPORTS = `import { MetricsCollector } from 'ringmeter';\n${SERVES}`;
const SYNC = (options) => `const { MetricsCollector } = require('ringmeter');
test('records', () => { new MetricsCollector(${options}).counter('a_total').inc(); });\n`;
const STORES = `import { MetricsCollector } from 'ringmeter';
const c = new MetricsCollector({ flushInterval: 0, storage: { module: './store.ts' } });
c.collectAndStore().then(async (r) => { console.log(r.isOk() ? 'fine' : r.unwrapErr().message); await c.close(); });\n`;
const BUNDLED = `import { FileStorage, MetricsCollector } from 'ringmeter';
for (const make of [() => new MetricsCollector(), () => new FileStorage({ directory: 'metrics' })])
  try { make(); } catch (error) {
    if (!/Leave ringmeter out of the bundle.*external/.test(error.message)) throw error;
    console.log('fine');
  }\n`;
/** The project of Yarn stands in a folder of its own, with a registry that npm is told of. */
const YARN = `cd pnp && export YARN_NPM_REGISTRY_SERVER=$(npm config get registry) YARN_UNSAFE_HTTP_WHITELIST='*' \
  YARN_ENABLE_TELEMETRY=0 YARN_NODE_LINKER=pnp YARN_ENABLE_GLOBAL_CACHE=0 YARN_NPM_MINIMAL_AGE_GATE=0
yarn="node ../node_modules/@yarnpkg/cli-dist/bin/yarn.js"
$yarn add "ringmeter@file:$TARBALL" && test -f .pnp.cjs && $yarn node a.cjs`;
const STORE = 'enum Kind { A }\nexport async function store(): Promise<void> { void Kind.A; }\n';
const TSCONFIG = JSON.stringify({
  compilerOptions: { module: 'node16', moduleResolution: 'node16', target: 'es2022', strict: true, types: ['node'] },
});

const jest = (version) => ({
  packages: [`jest@${version}`],
  files: { 'a.test.js': SYNC(''), 'b.test.js': SYNC('{ flushWorkers: 0 }') },
  run: ['npx', 'jest', '--runInBand'],
});
const typescript = (version) => ({
  packages: [`typescript@${version}`, '@types/node@20'],
  files: { 'a.ts': IMPORTS, 'tsconfig.json': TSCONFIG },
  run: ['npx', 'tsc', '--noEmit'],
});
const node = (version) => ({
  packages: [`node@${version}`],
  files: { 'a.cjs': REQUIRES },
  run: ['node_modules/node/bin/node', 'a.cjs'],
  prints: /^fine$/m,
});
const bundler = (packages, command, program = IMPORTS) => ({
  packages,
  files: { 'a.mjs': program },
  run: ['sh', '-c', `${command} && node out.cjs`],
  prints: /^fine$/m,
});
const ROUTE = `import { getMetricsCollector } from 'ringmeter';
export const dynamic = 'force-dynamic';
export async function GET() {
  getMetricsCollector().counter('hits_total').increment();
  const { contentType, body } = await getMetricsCollector().exposition();
  return new Response(body, { headers: { 'Content-Type': contentType } });
}\n`;
/** Starts what Next has built, asks the route twice, and looks for a pattern in what it answers or Next prints. */
const ASKS = `const { spawn } = require('node:child_process');
const next = spawn('node', ['node_modules/next/dist/bin/next', 'start', '-p', '0', '-H', '127.0.0.1']);
let said = '';
for (const stream of [next.stdout, next.stderr]) stream.on('data', (text) => { said += text; });
const asks = async () => {
  while (!/Ready/.test(said)) await new Promise((resolve) => setTimeout(resolve, 100));
  const [, port] = /http:\\S*:(\\d+)\\s/.exec(said);
  for (let time = 0; time < 2; time++) {
    const answer = await (await fetch('http://127.0.0.1:' + port + '/metrics')).text();
    said += answer;
  }
  await new Promise((resolve) => setTimeout(resolve, 500));
};
asks().finally(() => {
  next.kill();
  console.log(said);
  if (new RegExp(process.argv[2], 'm').test(said)) console.log('fine');
});\n`;
const next = (config, pattern) => ({
  packages: ['next', 'react', 'react-dom'],
  files: {
    'app/layout.js': 'export default ({ children }) => <html><body>{children}</body></html>;\n',
    'app/metrics/route.js': ROUTE,
    'next.config.js': `module.exports = ${config};\n`,
    'asks.cjs': ASKS,
  },
  run: ['sh', '-c', `export NEXT_TELEMETRY_DISABLED=1; npx next build && node asks.cjs '${pattern}'`],
  prints: /^fine$/m,
});
/** The tests of this repository that end processes in every way, on another Node. */
const exits = (version) => ({
  packages: [`node@${version}`],
  files: {},
  run: [
    'sh',
    '-c',
    `node="$PWD/node_modules/node/bin/node"; cd '${ROOT}' && export TAP_TIMEOUT=300 &&
for file in test/collector/shutdown-scraped.test.ts test/collector/shutdown.test.ts; do "$node" --require ./test/typescript.cjs $file || exit; done`,
  ],
});

const environments = {
  jest29: jest(29),
  jest30: jest(30),
  vitest: {
    packages: ['vitest@3'],
    files: {
      'a.test.mjs': `import { test } from 'vitest';\n${IMPORTS.replace(SERVES, '')}test('records', () => { new MetricsCollector().counter('a_total').inc(); });\n`,
    },
    run: ['npx', 'vitest', 'run'],
  },
  esbuild: bundler(['esbuild'], 'npx esbuild a.mjs --bundle --platform=node --external:ringmeter --outfile=out.cjs'),
  'esbuild-without-external': bundler(
    ['esbuild'],
    'npx esbuild a.mjs --bundle --platform=node --log-level=error --outfile=out.cjs',
    BUNDLED,
  ),
  webpack: bundler(
    ['webpack', 'webpack-cli'],
    'npx webpack ./a.mjs --mode production --target node --externals-type commonjs --externals ringmeter -o . --output-filename out.cjs',
  ),
  rollup: bundler(['rollup'], 'npx rollup a.mjs --external ringmeter --format cjs --file out.cjs'),
  next: next("{ serverExternalPackages: ['ringmeter'] }", '^hits_total 2$'),
  'next-without-external': next('{}', 'Leave ringmeter out of the bundle.*serverExternalPackages'),
  'typescript-5.0': typescript('5.0'),
  'typescript-newest': typescript('latest'),
  'first-programs': {
    packages: ['fastify'],
    files: {},
    run: ['node', join(__dirname, 'first-programs.cjs')],
    prints: /^\d{2} programs$/m,
  },
  tsx: {
    packages: ['tsx'],
    files: { 'a.ts': STORES, 'store.ts': STORE },
    run: ['npx', 'tsx', 'a.ts'],
    prints: /^fine$/m,
  },
  'ts-node': {
    packages: ['ts-node', 'typescript@5.9', '@types/node@20'],
    files: { 'a.ts': STORES, 'store.ts': STORE, 'tsconfig.json': TSCONFIG },
    run: ['npx', 'ts-node', 'a.ts'],
    prints: /^fine$/m,
  },
  'yarn-pnp': {
    packages: ['@yarnpkg/cli-dist'],
    files: { 'pnp/package.json': '{ "private": true }', 'pnp/yarn.lock': '', 'pnp/a.cjs': REQUIRES },
    run: ['sh', '-c', YARN],
    prints: /^fine$/m,
  },
  node20: node(20),
  node22: node(22),
  node24: node(24),
  node26: node(26),
  'exits-node20': exits(20),
  'exits-node22': exits(22),
  'exits-node24': exits(24),
  'exits-node26': exits(26),
};

function check(name, tarball) {
  const { packages, files, run, prints = /^/ } = environments[name];
  const folder = mkdtempSync(join(tmpdir(), `ringmeter-${name}-`));
  try {
    writeFileSync(join(folder, 'package.json'), '{ "private": true }');
    execFileSync('npm', ['install', '--no-audit', '--no-fund', tarball, ...packages], { cwd: folder, stdio: 'pipe' });
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), text);
    }
    const { status, stdout, stderr } = spawnSync(run[0], run.slice(1), {
      cwd: folder,
      encoding: 'utf8',
      timeout: 300_000,
      env: { ...process.env, TARBALL: tarball },
    });
    const isFine = status === 0 && prints.test(stdout);
    process.stdout.write(`${isFine ? 'ok    ' : 'not ok'} ${name}\n`);
    if (!isFine) process.stdout.write(`${stdout}${stderr}\n`);
    return isFine;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(environments);
const packed = mkdtempSync(join(tmpdir(), 'ringmeter-packed-'));
const file = execFileSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', packed], { cwd: ROOT });
const failed = names.filter((name) => !check(name, join(packed, String(file).trim())));
rmSync(packed, { recursive: true, force: true });
process.exitCode = failed.length === 0 ? 0 : 1;
