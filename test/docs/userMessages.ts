import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/** A message that a user can get. */
export interface UserMessage {
  /** Path from the checkout on. */
  file: string;
  /** What stands for values is in angle brackets. */
  text: string;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const rooms = ['configs', 'data', 'checkpoints', 'model', 'eval', 'train'];
/** `UserError` and what extends it. */
const errors = ['UserError', 'HttpStatusError', 'UnreachableError'];
/** Beyond so many ways to say it, a part of a message is a value. */
const mostWays = 16;

/** Every message of a `UserError` in the rooms, by file, as the compiler reads the sources. */
export function userMessages(): UserMessage[] {
  return rooms
    .flatMap((room) =>
      readdirSync(join(root, room), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts'))
        .map((name) => `${room}/${name}`),
    )
    .sort()
    .flatMap((file) => {
      const texts = messagesIn(readFileSync(join(root, file), 'utf8'));
      return [...new Set(texts)].map((text) => ({ file, text }));
    });
}

/** The messages of one source. */
export function messagesIn(source: string): string[] {
  const file = ts.createSourceFile('file.ts', source, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const message = messageOf(node);
    if (message) found.push(...waysOf(message, 0).filter(saysSomething));
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

function messageOf(node: ts.Node): ts.Expression | undefined {
  if (ts.isNewExpression(node) && errors.includes(node.expression.getText())) return node.arguments?.[0];
  const isSuper = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.SuperKeyword;
  if (!isSuper) return undefined;
  const ofClass = ts.findAncestor(node, ts.isClassDeclaration);
  const parents = ofClass?.heritageClauses?.flatMap(({ types }) => types.map((type) => type.getText())) ?? [];
  return parents.some((name) => errors.includes(name)) ? node.arguments[0] : undefined;
}

/** All texts that an expression can be; values that only running shows are placeholders. */
function waysOf(node: ts.Expression, depth: number): string[] {
  if (depth > 6) return [placeholder(node)];
  if (ts.isStringLiteralLike(node)) return [node.text];
  if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node) || ts.isNonNullExpression(node))
    return waysOf(node.expression, depth);
  if (ts.isConditionalExpression(node)) {
    const branches = [node.whenTrue, node.whenFalse].filter((branch) => branch.getText() !== 'undefined');
    return limited(
      branches.flatMap((branch) => waysOf(branch, depth + 1)),
      node,
    );
  }
  if (ts.isTemplateExpression(node)) {
    let ways = [node.head.text];
    for (const { expression, literal } of node.templateSpans) {
      const parts = waysOf(expression, depth + 1);
      const next = ways.flatMap((way) => parts.map((part) => way + part + literal.text));
      ways = next.length <= mostWays ? next : ways.map((way) => way + placeholder(expression) + literal.text);
    }
    return ways;
  }
  if (ts.isBinaryExpression(node)) {
    const { left, right, operatorToken } = node;
    if (operatorToken.kind === ts.SyntaxKind.PlusToken)
      return limited(
        waysOf(left, depth + 1).flatMap((first) => waysOf(right, depth + 1).map((second) => first + second)),
        node,
      );
    if ([ts.SyntaxKind.QuestionQuestionToken, ts.SyntaxKind.BarBarToken].includes(operatorToken.kind))
      return limited([...waysOf(left, depth + 1), ...waysOf(right, depth + 1)], node);
  }
  if (ts.isIdentifier(node)) return declaredWays(node, depth) ?? [placeholder(node)];
  if (ts.isCallExpression(node) && node.expression.getText() === 'suggest') return ['did you mean <a near name>?'];
  if (ts.isCallExpression(node) && ts.isIdentifier(node.expression))
    return returnedWays(node.expression, depth) ?? [placeholder(node)];
  return [placeholder(node)];
}

const limited = (ways: string[], node: ts.Expression) => (ways.length <= mostWays ? ways : [placeholder(node)]);

/** Of a constant that the same file declares where the name is seen. */
function declaredWays(name: ts.Identifier, depth: number): string[] | undefined {
  const declared = declarationOf(name);
  if (!declared || !ts.isVariableDeclaration(declared) || !declared.initializer) return undefined;
  const ways = waysOf(declared.initializer, depth + 1);
  return ways.every(isPlaceholder) ? undefined : ways;
}

/** Of a function that the same file declares: what it returns. */
function returnedWays(name: ts.Identifier, depth: number): string[] | undefined {
  const declared = declarationOf(name);
  const called =
    declared && ts.isVariableDeclaration(declared) ? declared.initializer : (declared as ts.Node | undefined);
  if (!called || !(ts.isFunctionDeclaration(called) || ts.isArrowFunction(called)) || !called.body) return undefined;
  const returned: ts.Expression[] = [];
  if (ts.isBlock(called.body)) {
    const visit = (node: ts.Node): void => {
      if (ts.isFunctionLike(node)) return;
      if (ts.isReturnStatement(node) && node.expression) returned.push(node.expression);
      ts.forEachChild(node, visit);
    };
    ts.forEachChild(called.body, visit);
  } else returned.push(called.body);
  const ways = returned.flatMap((expression) => waysOf(expression, depth + 1));
  return ways.length === 0 || ways.length > mostWays || ways.every(isPlaceholder) ? undefined : ways;
}

/** The nearest declaration of a name around it. */
function declarationOf(name: ts.Identifier): ts.VariableDeclaration | ts.FunctionDeclaration | undefined {
  for (let scope: ts.Node = name.parent; scope; scope = scope.parent) {
    if (ts.isFunctionLike(scope) && scope.parameters.some((parameter) => namesOf(parameter.name).includes(name.text)))
      return undefined;
    if (!ts.isBlock(scope) && !ts.isSourceFile(scope)) continue;
    for (const statement of scope.statements) {
      if (ts.isFunctionDeclaration(statement) && statement.name?.text === name.text) return statement;
      if (!ts.isVariableStatement(statement)) continue;
      const found = statement.declarationList.declarations.find(
        (each) => ts.isIdentifier(each.name) && each.name.text === name.text,
      );
      if (found) return found;
    }
  }
  return undefined;
}

const namesOf = (name: ts.BindingName): string[] =>
  ts.isIdentifier(name)
    ? [name.text]
    : name.elements.flatMap((element) => (ts.isOmittedExpression(element) ? [] : namesOf(element.name)));

/** What is put together of values alone is told where these are made. */
const saysSomething = (text: string) => /[a-z]/.test(text.replace(/<[^<>]*>/g, ''));

const isPlaceholder = (text: string) => /^<[\w ]*>$/.test(text);

/** A value by the name that the source gives it. */
function placeholder(node: ts.Expression): string {
  return `<${nameOf(node)
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()}>`;
}

function nameOf(node: ts.Expression): string {
  if (ts.isIdentifier(node)) return node.text;
  if (ts.isPropertyAccessExpression(node)) {
    const { name, expression } = node;
    return ['length', 'name', 'path'].includes(name.text) ? nameOf(expression) : name.text;
  }
  if (ts.isElementAccessExpression(node)) {
    const { argumentExpression: key, expression } = node;
    return ts.isStringLiteral(key) ? key.text : nameOf(expression);
  }
  if (ts.isCallExpression(node)) {
    const { expression, arguments: args } = node;
    const isFormatting =
      /^(JSON\.stringify|String|Number|listed|named|shown|grouped|gigabytes|join|resolve|basename|dirname|shortened)$/.test(
        expression.getText(),
      );
    if (isFormatting && args[0]) return nameOf(args.at(expression.getText() === 'join' ? -1 : 0)!);
    if (ts.isPropertyAccessExpression(expression)) return nameOf(expression.expression);
    return nameOf(expression);
  }
  if (ts.isNonNullExpression(node) || ts.isParenthesizedExpression(node) || ts.isAsExpression(node))
    return nameOf(node.expression);
  if (ts.isStringLiteralLike(node)) return node.text.replace(/\W+/g, ' ').trim();
  if (ts.isBinaryExpression(node)) return nameOf(node.left);
  if (ts.isConditionalExpression(node)) return nameOf(node.whenTrue);
  return 'value';
}
