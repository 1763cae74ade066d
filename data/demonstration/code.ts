import ts from 'typescript';
import { type DeclarationFile, declarationFiles } from './declarationFiles.js';
import { type Declaration, declarationsOf, docComment, innerNodes, parseFile, summaryOf } from './declarations.js';
import { countWords, cutText, type DomainSource, type SourcePair } from './domainSource.js';
import { foldText } from '../example/foldText.js';

/**
 * Type declarations as a retrieval task: what a comment says of a declaration asks for the declaration.
 * Source: the declarations of TypeScript's libraries and compiler, Node.js and TensorFlow.js, as their packages ship them.
 */
export function codeSource(): DomainSource {
  const parsed = declarationFiles().map((file) => ({ file, tree: parseFile(file) }));
  return {
    pairs: declarationPairs(parsed.flatMap(({ file, tree }) => declarationsOf(file, tree))),
    documents: (leaveOut) => codeDocuments(parsed, leaveOut),
  };
}

const QUERY_WORDS = { least: 4, most: 40 };
const LONGEST_PASSAGE_CHARACTERS = 500;

/** A name may be declared in several files: its ids are numbered from the second on. */
function declarationPairs(declarations: Declaration[]): SourcePair[] {
  const uses = new Map<string, number>();
  return declarations.filter(isAsked).map(({ place, name, summary, code }) => {
    const base = `code-${place.replaceAll(' ', '.')}.${name}`;
    const use = (uses.get(base) ?? 0) + 1;
    uses.set(base, use);
    const id = use === 1 ? base : `${base}~${use}`;
    return {
      id,
      query: summary,
      passage: { id, title: place, text: cutText(code, LONGEST_PASSAGE_CHARACTERS) },
      groups: [`name ${nameStem(name)}`],
      relations: [place],
    };
  });
}

function isAsked({ summary, code }: Declaration): boolean {
  const words = countWords(summary);
  return words >= QUERY_WORDS.least && words <= QUERY_WORDS.most && code !== '';
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
