import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import ts from 'typescript';
import { installPacked } from './consumer';

const IMPORTS = `import { createServer } from 'node:http';
import {
  type CollectorOptions, type Endpoint, expressMetrics, fastifyMetrics, instrumentServer, instrumentUndici, MemoryStorage,
  type Metric, MetricsCollector, type Summary, type SummaryStatistics,
} from 'ringmeter';
`;

/** One error on purpose, on its first line: a compiler run that does not report it has proved nothing. */
const MISTAKE = `new (require('ringmeter') as typeof import('ringmeter')).MetricsCollector().counter('c_total', { labelNames: ['a'] }).increment(1, { b: 1 });\n`;

const projects = {
  'moduleResolution node16': {
    options: { module: 'node16', moduleResolution: 'node16' },
    files: ['usage.cts', 'usage.mts', 'usage.ts'],
  },
  'moduleResolution bundler': {
    options: { module: 'esnext', moduleResolution: 'bundler' },
    files: ['usage.mts', 'usage.ts'],
  },
};

const isForeign = (file: string): boolean => /node_modules\/(?:typescript|@types|undici-types)\//.test(file);

/** The declarations of the language and of node are read once for both projects, and are not what is checked. */
const declarations = new Map<string, ts.SourceFile | undefined>();

/** What the compiler has to say about all files of a project, as `tsc` prints it, but those of other packages. */
function compile(folder: string, config: string): string[] {
  const { config: read } = ts.readConfigFile(config, ts.sys.readFile);
  const { fileNames, options, errors } = ts.parseJsonConfigFileContent(read, ts.sys, folder);
  const host = ts.createCompilerHost(options);
  host.getCurrentDirectory = () => folder;
  const { getSourceFile } = host;
  host.getSourceFile = (file, language, ...rest) => {
    if (!isForeign(file)) return getSourceFile(file, language, ...rest);
    const { impliedNodeFormat } = language as ts.CreateSourceFileOptions;
    const key = `${file} ${impliedNodeFormat}`;
    if (!declarations.has(key)) declarations.set(key, getSourceFile(file, language, ...rest));
    return declarations.get(key);
  };
  const program = ts.createProgram(fileNames, options, host);
  const own = program.getSourceFiles().filter(({ fileName }) => !isForeign(fileName));
  const found = [
    ...errors,
    ...program.getOptionsDiagnostics(),
    ...program.getGlobalDiagnostics(),
    ...own.flatMap((file) => [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]),
  ];
  return ts
    .formatDiagnostics(found, host)
    .trim()
    .split('\n')
    .filter((line) => /error TS/.test(line));
}

test('typed programs that use the package', async (t) => {
  const { folder } = await installPacked(t, ['@types/node']);
  const body = readFileSync(join(folder, 'usage.body.ts'), 'utf8');
  for (const extension of ['cts', 'mts', 'ts']) writeFileSync(join(folder, `usage.${extension}`), IMPORTS + body);
  writeFileSync(join(folder, 'mistake.cts'), MISTAKE);

  for (const [name, { options, files }] of Object.entries(projects)) {
    t.test(`compile under ${name}, and a wrong label does not`, async (t) => {
      const config = join(folder, `tsconfig.${options.moduleResolution}.json`);
      writeFileSync(
        config,
        JSON.stringify({
          compilerOptions: { ...options, target: 'es2022', strict: true, noEmit: true, types: ['node'] },
          files: [...files, 'mistake.cts'],
        }),
      );
      const errors = compile(folder, config);
      t.equal(errors.length, 1, errors.join('\n'));
      t.match(errors[0], /^mistake\.cts\(1,\d+\): error TS2353: .*'b' does not exist/);
    });
  }
});
