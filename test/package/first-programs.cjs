// Runs the first program of the README and of every page of docs/ as a newcomer does who saves it in a fresh folder: as an ES
// module, and with `require` as CommonJS. Each stays alive, or its page says that it ends. Run in the folder that has the
// package; the types are taken out here, since node 20 does not.
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { readdirSync, readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const ts = require('typescript');

const ROOT = join(__dirname, '..', '..');
const PAGES = ['README.md', ...readdirSync(join(ROOT, 'docs')).map((name) => join('docs', name))];
const SAYS_THAT_IT_ENDS = /[Tt]his program ends at once|ends with its last line|await collector\.close\(\)/;
const OPTIONS = { target: 'es2022', module: 'es2022', verbatimModuleSyntax: true };
/** For a server that stays alive: it has said where it is by then. */
const LONG_MS = 20_000;

/** @returns undefined if the page has none */
function firstProgram(page) {
  const text = readFileSync(join(ROOT, page), 'utf8');
  const block = /```(?:ts|js)\n([\s\S]*?)```/.exec(text);
  if (block === null) return undefined;
  // nothing outside of the folder is written, and no port may be taken
  const code = block[1].replaceAll("'/var/lib/", "'./").replace(/\b(8080|9464)\b(?!\/)/g, '0');
  const near = text.slice(0, block.index + block[0].length + 300);
  return {
    module: ts.transpileModule(code, { compilerOptions: OPTIONS }).outputText,
    ends: SAYS_THAT_IT_ENDS.test(near),
  };
}

function asCommonJs(module) {
  let requires = '';
  const body = module.replace(/^import\s+([\s\S]*?)\s+from\s+('[^']+');\n/gm, (_, names, from) => {
    requires += `const ${names.replaceAll(' as ', ': ')} = require(${from});\n`;
    return '';
  });
  return `${requires}(async () => {\n${body}})();\n`;
}

/** @returns what is wrong */
async function run(file, ends) {
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const stays = new Promise((resolve) => {
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (part) => {
        output += part;
        if (!ends && /^metrics at /m.test(output)) setTimeout(resolve, 1_000);
      });
    setTimeout(resolve, LONG_MS).unref();
  });
  const exit = once(child, 'exit').then(([code]) => code);
  const code = await Promise.race([exit, stays.then(() => 'alive')]);
  child.kill('SIGKILL');
  const wrong = ends ? code !== 0 : code !== 'alive';
  // a receiver that is not there is warned of; anything else that is thrown ends with 1
  return wrong || / is not defined|^\w*Error/m.test(output) ? `${code}\n${output}` : undefined;
}

/** Two at a time: each has threads of its own. */
async function main() {
  const jobs = PAGES.filter((page) => page.endsWith('.md')).flatMap(formsOf);
  const left = [...jobs];
  const work = async () => {
    for (let job = left.shift(); job !== undefined; job = left.shift()) {
      const wrong = await run(job.file, job.ends);
      if (wrong === undefined) continue;
      process.exitCode = 1;
      process.stdout.write(`${job.file}: ${wrong}\n`);
    }
  };
  await Promise.all([work(), work()]);
  process.stdout.write(`${jobs.length} programs\n`);
}

function formsOf(page) {
  const program = firstProgram(page);
  if (program === undefined) return [];
  const forms = { mjs: program.module, cjs: asCommonJs(program.module) };
  // a page that has this says that it is an ES module
  if (program.module.includes('import.meta')) delete forms.cjs;
  return Object.entries(forms).map(([extension, code]) => {
    const file = `${page.replace(/\W/g, '-')}.${extension}`;
    writeFileSync(file, code);
    return { file, ends: program.ends };
  });
}

main();
