import ts from 'typescript';

/** One small change of a source. */
export interface Mutation {
  start: number;
  end: number;
  /** From 1. */
  line: number;
  before: string;
  after: string;
}

const operators: Partial<Record<ts.SyntaxKind, string>> = {
  [ts.SyntaxKind.PlusToken]: '-',
  [ts.SyntaxKind.MinusToken]: '+',
  [ts.SyntaxKind.AsteriskToken]: '/',
  [ts.SyntaxKind.SlashToken]: '*',
  [ts.SyntaxKind.LessThanToken]: '<=',
  [ts.SyntaxKind.LessThanEqualsToken]: '<',
  [ts.SyntaxKind.GreaterThanToken]: '>=',
  [ts.SyntaxKind.GreaterThanEqualsToken]: '>',
  [ts.SyntaxKind.EqualsEqualsEqualsToken]: '!==',
  [ts.SyntaxKind.ExclamationEqualsEqualsToken]: '===',
  [ts.SyntaxKind.AmpersandAmpersandToken]: '||',
  [ts.SyntaxKind.BarBarToken]: '&&',
  [ts.SyntaxKind.PlusEqualsToken]: '-=',
  [ts.SyntaxKind.AsteriskAsteriskToken]: '*',
};

const methods: Record<string, string> = {
  max: 'min',
  min: 'max',
  add: 'sub',
  sub: 'add',
  mul: 'div',
  div: 'mul',
  floor: 'ceil',
  ceil: 'floor',
};

/** Every mutation that a source offers: an operator, a number, a truth value, a condition, a method for its counterpart. */
export function mutationsOf(source: string): Mutation[] {
  const file = ts.createSourceFile('file.ts', source, ts.ScriptTarget.Latest, true);
  const found: Mutation[] = [];
  const change = (node: ts.Node, after: string) => {
    const [start, end] = [node.getStart(), node.end];
    const line = file.getLineAndCharacterOfPosition(start).line + 1;
    found.push({ start, end, line, before: source.slice(start, end), after });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isTypeNode(node) || ts.isInterfaceDeclaration(node)) return;
    // Words of messages may be any.
    if (ts.isTemplateExpression(node) || (ts.isNewExpression(node) && /Error$/.test(node.expression.getText()))) return;
    if (ts.isBinaryExpression(node)) {
      const other = operators[node.operatorToken.kind];
      if (other !== undefined) change(node.operatorToken, other);
    }
    if (ts.isNumericLiteral(node))
      change(node, node.text === '0' ? '1' : node.text === '1' ? '2' : `(${node.text} + 1)`);
    if (node.kind === ts.SyntaxKind.TrueKeyword) change(node, 'false');
    if (node.kind === ts.SyntaxKind.FalseKeyword) change(node, 'true');
    if (ts.isConditionalExpression(node) || ts.isIfStatement(node)) {
      const condition = ts.isIfStatement(node) ? node.expression : node.condition;
      change(condition, `!(${condition.getText()})`);
    }
    if (ts.isPropertyAccessExpression(node) && Object.hasOwn(methods, node.name.text))
      change(node.name, methods[node.name.text]!);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** The source with that change. */
export const mutated = (source: string, { start, end, after }: Mutation): string =>
  source.slice(0, start) + after + source.slice(end);
