import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import ts from 'typescript';

const root = join(__dirname, '..', '..');

/** A file of the repository. */
export const text = (file: string): string => readFileSync(join(root, file), 'utf8');

/** The part of a document below a heading, up to the next one of any level. */
export function section(document: string, heading: string): string {
  const start = document.indexOf(`\n${heading}\n`);
  if (start === -1) throw new Error(`there is no heading ${heading}`);
  const rest = document.slice(start + heading.length + 2);
  const end = rest.search(/^#{1,4} /m);
  return end === -1 ? rest : rest.slice(0, end);
}

/** The cells of the table in a section, without its head; code without its backquotes. */
export function table(document: string, heading: string): string[][] {
  const rows = section(document, heading)
    .split('\n')
    .filter((line) => line.startsWith('|'));
  return rows.slice(2).map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim().replace(/^`(.*)`$/, '$1')),
  );
}

/** The names of an interface's properties and methods; an object inside has its own as `outer.inner`. */
export function members(file: string, name: string): string[] {
  const source = ts.createSourceFile(file, text(file), ts.ScriptTarget.Latest);
  const found = source.statements.filter(ts.isInterfaceDeclaration).find((one) => one.name.text === name);
  if (found === undefined) throw new Error(`${file} has no interface ${name}`);
  return found.members.flatMap(namesOf);
}

function namesOf(member: ts.TypeElement): string[] {
  const name = (member.name as ts.Identifier).text;
  if (!ts.isPropertySignature(member) || member.type === undefined || !ts.isTypeLiteralNode(member.type)) return [name];
  return member.type.members.flatMap(namesOf).map((inner) => `${name}.${inner}`);
}

/** The code of the first block below a heading. */
export function code(document: string, heading: string): string {
  const block = /```ts\n([\s\S]*?)```/.exec(section(document, heading));
  if (block === null) throw new Error(`no code below ${heading}`);
  return block[1];
}

/** The code of all blocks of a document. */
export const codes = (document: string): string[] =>
  [...document.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code);

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  // a server has no document and no window
  lib: ['lib.es2022.d.ts'],
  module: ts.ModuleKind.Node16,
  moduleResolution: ts.ModuleResolutionKind.Node16,
  strict: true,
  noEmit: true,
  types: ['node'],
  typeRoots: [join(root, 'node_modules', '@types')],
  skipLibCheck: true,
};

/** Reads the declarations of the library, of node and of the language once for all programs. */
const host = ts.createCompilerHost(OPTIONS);
const readSource = host.getSourceFile;
const declarations = new Map<string, ts.SourceFile | undefined>();
host.getSourceFile = (file, ...rest) => {
  if (!/\.d\.[cm]?ts$/.test(file)) return readSource(file, ...rest);
  if (!declarations.has(file)) declarations.set(file, readSource(file, ...rest));
  return declarations.get(file);
};

/** What the compiler has to say about each of some modules of a user's, which it sees together. */
export function diagnose(t: Test, ...sources: string[]): string[][] {
  const modules = Object.fromEntries(sources.map((source, index) => [`user${index}.mts`, source]));
  const folder = t.testdir(modules);
  const files = Object.keys(modules).map((name) => join(folder, name));
  const program = ts.createProgram(files, OPTIONS, host);
  const text = ({ messageText }: ts.Diagnostic) => ts.flattenDiagnosticMessageText(messageText, '\n');
  const general = [...program.getOptionsDiagnostics(), ...program.getGlobalDiagnostics()].map(text);
  if (general.length > 0) throw new Error(general.join('\n'));
  return files.map((file) => ts.getPreEmitDiagnostics(program, program.getSourceFile(file)).map(text));
}
