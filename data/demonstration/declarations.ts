import ts from 'typescript';
import type { DeclarationFile } from './declarationFiles.js';
import { docSummary } from './docSummary.js';

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

/** The syntax tree of a declaration file, without references to parents. */
export function parseFile(file: DeclarationFile): ts.SourceFile {
  return ts.createSourceFile(file.path, file.text, ts.ScriptTarget.Latest, false, ts.ScriptKind.TS);
}

/**
 * The things of a file that have a name and a doc comment with something to ask, innermost first.
 * Overloads, and an interface and the variable of its name, are one.
 */
export function declarationsOf(file: DeclarationFile, tree: ts.SourceFile): Declaration[] {
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

/** The parser hangs doc comments on the nodes it makes; the last one before the node is the one that documents it. */
export function docComment(node: ts.Node): ts.JSDoc | undefined {
  return (node as { jsDoc?: ts.JSDoc[] }).jsDoc?.at(-1);
}

/** What the node's doc comment says, as a question; empty where it says nothing. */
export function summaryOf(node: ts.Node, tree: ts.SourceFile): string {
  const comment = docComment(node);
  return comment === undefined ? '' : docSummary(tree.text.slice(comment.pos, comment.end));
}

/** The members of an interface or class, the statements of a module; nothing for other nodes. */
export function innerNodes(node: ts.Node): readonly ts.Node[] {
  if (ts.isInterfaceDeclaration(node) || ts.isClassDeclaration(node)) return node.members;
  if (!ts.isModuleDeclaration(node) || node.body === undefined) return [];
  return ts.isModuleBlock(node.body) ? node.body.statements : [node.body];
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

function codeOf(node: ts.Node, tree: ts.SourceFile): string {
  return tidyCode(tree.text.slice(node.getStart(tree, false), node.end))
    .replace(/^(?:export |declare |default )+/, '')
    .replace(/^(function \w+)_(?=[<(])/, '$1'); // TensorFlow.js declares the documented form of an operation as `matMul_`
}

/** No comments, no empty lines, and the indentation of the outermost line taken from all. */
function tidyCode(code: string): string {
  const lines = code
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/^\s*\/\/.*$/gm, '')
    .split('\n')
    .filter((line) => line.trim() !== '');
  const indent = Math.min(...lines.slice(1).map((line) => line.length - line.trimStart().length));
  return lines.map((line, index) => (index === 0 ? line.trim() : line.slice(indent).trimEnd())).join('\n');
}
