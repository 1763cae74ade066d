import { readdirSync, readFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import ts from 'typescript';
import { countWords, cutText, type DomainSource, foldText, type SourcePair } from './domainSource.js';
import { docSummary } from './docSummary.js';
import { packageFolder } from './packageFolder.js';

/** A file of type declarations, and the name under which it is known. */
export interface DeclarationFile {
  /** Module or library: `node:fs` is found within the file, `lib.dom` or `yargs` is told here. */
  module: string;
  path: string;
  text: string;
}

/** A documented declaration: all overloads of one name in one place. */
export interface Declaration {
  /** Module and enclosing interfaces or classes: `node:fs Dir`. */
  place: string;
  name: string;
  /** The doc comment's first sentence; empty where it has none worth asking. */
  summary: string;
  /** Declaration without comments, overloads on lines of their own. */
  code: string;
}

/**
 * Type declarations as a retrieval task: what a comment says of a declaration asks for the declaration.
 * Source: the declarations of TypeScript's libraries and compiler, Node.js and TensorFlow.js, as their packages ship them.
 */
export function codeSource(): DomainSource {
  const files = declarationFiles();
  const parsed = files.map((file) => ({ file, tree: parse(file) }));
  return {
    pairs: parsed.flatMap(({ file, tree }) => declarations(file, tree)).flatMap(declarationPair),
    documents: (leaveOut) => codeDocuments(parsed, leaveOut),
  };
}

/** The documented declarations of one file, in its order. */
export function parseDeclarations(file: DeclarationFile): Declaration[] {
  return declarations(file, parse(file));
}

const PACKAGES: { name: string; through?: string[]; folder: string; module: (path: string) => string }[] = [
  { name: 'typescript', folder: 'lib', module: libraryName },
  { name: '@types/node', folder: '.', module: (path) => `node:${path.replace(/\.d\.ts$/, '')}` },
  ...['@tensorflow/tfjs-core', '@tensorflow/tfjs-layers', '@tensorflow/tfjs-data'].map((name) => ({
    name,
    through: ['@tensorflow/tfjs'],
    folder: 'dist',
    module: () => name.replace('@tensorflow/', ''),
  })),
  { name: 'apache-arrow', folder: '.', module: () => 'apache-arrow' },
  { name: 'yaml', folder: 'dist', module: () => 'yaml' },
  { name: '@types/yargs', folder: '.', module: () => 'yargs' },
  { name: '@types/mocha', folder: '.', module: () => 'mocha' },
  { name: 'echarts', folder: 'types/dist', module: () => 'echarts' },
];

/** `lib.es2015.core.d.ts` is known as es2015, `lib.dom.iterable.d.ts` as dom. */
function libraryName(path: string): string {
  return basename(path, '.d.ts').replace(/^lib\.([^.]+).*$/, '$1');
}

function declarationFiles(): DeclarationFile[] {
  return PACKAGES.flatMap(({ name, through, folder, module }) => {
    const root = join(packageFolder(name, through), folder);
    return listDeclarationFiles(root).map((path) => {
      const inside = relative(root, path).replaceAll('\\', '/');
      return { module: module(inside), path: `${name}/${inside}`, text: readFileSync(path, 'utf8') };
    });
  });
}

/** In one order on every machine. Left out: packages within packages, and files that repeat another under a second name. */
function listDeclarationFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .sort((one, other) => (one.name < other.name ? -1 : 1))
    .flatMap((entry) => {
      if (entry.isDirectory())
        return entry.name === 'node_modules' ? [] : listDeclarationFiles(join(folder, entry.name));
      return /(?<!_test)\.d\.ts$/.test(entry.name) && !/^(?:tsserverlibrary|echarts|lib\.webworker)\./.test(entry.name)
        ? [join(folder, entry.name)]
        : [];
    });
}

function parse(file: DeclarationFile): ts.SourceFile {
  return ts.createSourceFile(file.path, file.text, ts.ScriptTarget.Latest, false, ts.ScriptKind.TS);
}

/** Named things with a doc comment, file order; overloads are gathered under the first of them. */
function declarations(file: DeclarationFile, tree: ts.SourceFile): Declaration[] {
  const found: Declaration[] = [];
  visit(tree.statements, file.module, []);
  return found;

  function visit(nodes: readonly ts.Node[], module: string, containers: string[]): void {
    const byName = new Map<string, Declaration>();
    const place = [module, ...containers].join(' ');
    for (const node of nodes) {
      const name = nameOf(node, tree);
      if (name === null || name.startsWith('__')) continue;
      const inner = innerNodes(node);
      if (ts.isModuleDeclaration(node)) {
        if (ts.isStringLiteral(node.name)) visit(inner, moduleName(node.name.text, module), containers);
        else visit(inner, module, node.name.text === 'global' ? containers : [...containers, node.name.text]);
        continue;
      }
      if (inner.length > 0) visit(inner, module, [...containers, name]);
      const known = byName.get(name);
      if (known !== undefined && inner.length === 0) {
        known.code += `\n${codeOf(node, tree)}`;
        known.summary ||= summaryOf(node, tree);
      } else if (known === undefined) {
        byName.set(name, { place, name, summary: summaryOf(node, tree), code: codeOf(node, tree) });
      }
    }
    found.push(...[...byName.values()].filter((declaration) => declaration.summary !== ''));
  }
}

/** Ambient modules of Node.js are known with and without the scheme: `fs` and `node:fs` are one. */
function moduleName(name: string, file: string): string {
  return file.startsWith('node:') && !name.startsWith('node:') ? `node:${name}` : name;
}

function nameOf(node: ts.Node, tree: ts.SourceFile): string | null {
  if (ts.isVariableStatement(node)) return node.declarationList.declarations[0]?.name.getText(tree) ?? null;
  if (ts.isConstructorDeclaration(node) || ts.isConstructSignatureDeclaration(node)) return 'constructor';
  const { name } = node as { name?: ts.Node };
  return name === undefined ? null : name.getText(tree);
}

function innerNodes(node: ts.Node): readonly ts.Node[] {
  if (ts.isInterfaceDeclaration(node) || ts.isClassDeclaration(node)) return node.members;
  if (!ts.isModuleDeclaration(node) || node.body === undefined) return [];
  return ts.isModuleBlock(node.body) ? node.body.statements : [node.body];
}

/** The parser hangs doc comments on the nodes it makes; the last one before the node is the one that documents it. */
function docComment(node: ts.Node): ts.JSDoc | undefined {
  return (node as { jsDoc?: ts.JSDoc[] }).jsDoc?.at(-1);
}

function summaryOf(node: ts.Node, tree: ts.SourceFile): string {
  const comment = docComment(node);
  return comment === undefined ? '' : docSummary(tree.text.slice(comment.pos, comment.end));
}

function codeOf(node: ts.Node, tree: ts.SourceFile): string {
  return tidyCode(tree.text.slice(node.getStart(tree, false), node.end))
    .replace(/^(?:export |declare |default )+/, '')
    .replace(/_(?=[<(])/, ''); // TensorFlow.js declares the documented form of an operation as `matMul_`
}

/** No comments, no empty lines, and the indentation of the outermost line taken from all. */
function tidyCode(code: string): string {
  const lines = code
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/^\s*\/\/.*$/gm, '')
    .split('\n')
    .filter((line) => line.trim() !== '');
  const indents = lines.slice(1).map((line) => line.length - line.trimStart().length);
  const indent = Math.min(lines.at(-1) === undefined ? 0 : (indents.at(-1) ?? 0), ...indents);
  return lines.map((line, index) => (index === 0 ? line.trim() : line.slice(indent).trimEnd())).join('\n');
}

const QUERY_WORDS = { least: 4, most: 40 };
const LONGEST_PASSAGE_CHARACTERS = 500;

function declarationPair({ place, name, summary, code }: Declaration): SourcePair[] {
  const words = countWords(summary);
  if (words < QUERY_WORDS.least || words > QUERY_WORDS.most || code === '') return [];
  const id = `code-${place.replaceAll(' ', '.')}.${name}`;
  return [
    {
      id,
      query: summary,
      passage: { id, title: place, text: cutText(code, LONGEST_PASSAGE_CHARACTERS) },
      groups: [`name ${nameStem(name)}`],
      relations: [place],
    },
  ];
}

/** `readFileSync` and `readFile` are one thing twice. */
function nameStem(name: string): string {
  return foldText(name.replace(/(?:Sync|Async)$/, ''));
}

/** Every outermost statement (of a module: every statement in it) is a document; a repeated one is taken once. */
function codeDocuments(
  parsed: { file: DeclarationFile; tree: ts.SourceFile }[],
  leaveOut: (sentence: string) => boolean,
): string[] {
  const documents = parsed.flatMap(({ file, tree }) =>
    outermost(tree.statements).map((node) => `// ${file.module}\n${textWithout(node, tree, leaveOut)}`),
  );
  const seen = new Set<string>();
  return documents.filter((text) => {
    const key = text.slice(text.indexOf('\n') + 1);
    return key.length > 0 && !seen.has(key) && seen.add(key);
  });
}

function outermost(nodes: readonly ts.Node[]): ts.Node[] {
  return nodes.flatMap((node) => (ts.isModuleDeclaration(node) ? outermost(innerNodes(node)) : [node]));
}

/** The statement's text; doc comments that open with a sentence to leave out are cut whole. */
function textWithout(statement: ts.Node, tree: ts.SourceFile, leaveOut: (sentence: string) => boolean): string {
  const cuts: ts.JSDoc[] = [];
  const visit = (node: ts.Node): void => {
    const summary = summaryOf(node, tree);
    if (summary !== '' && leaveOut(summary)) cuts.push(docComment(node) as ts.JSDoc);
    ts.forEachChild(node, visit);
  };
  visit(statement);
  let position = docComment(statement)?.pos ?? statement.getStart(tree, false);
  let text = '';
  for (const cut of cuts) {
    text += tree.text.slice(position, cut.pos);
    position = cut.end;
  }
  return dedent(text + tree.text.slice(position, statement.end));
}

function dedent(text: string): string {
  const indent = /\n( *)\S[^\n]*$/.exec(text)?.[1] ?? '';
  return text
    .replaceAll(`\n${indent}`, '\n')
    .replace(/[ \t]+$/gm, '')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}
