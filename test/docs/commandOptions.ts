import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A command or sub-command as its source declares it. */
export interface DeclaredCommand {
  /** `$0` where it is the whole command. */
  name: string;
  options: string[];
}

/** What each script of package.json that is a command accepts. */
export function commandsOfScripts(): Map<string, DeclaredCommand[]> {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  return new Map(
    Object.entries(scripts).map(([script, line]) => {
      const file = / (\S+\.ts)$/.exec(line)?.[1];
      return [script, file === undefined ? [] : declaredIn(file)];
    }),
  );
}

/** Commands of a file and of the sub-commands that it imports. */
function declaredIn(file: string): DeclaredCommand[] {
  const source = ts.createSourceFile(file, readFileSync(join(root, file), 'utf8'), ts.ScriptTarget.Latest, true);
  const found: DeclaredCommand[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isObjectLiteralExpression(node)) {
      const name = initializerOf(node, 'name');
      const options = initializerOf(node, 'options');
      if (name && ts.isStringLiteralLike(name) && options)
        found.push({
          name: name.text.split(' ')[0]!,
          options: [...options.getText().matchAll(/\.option\(\s*'([\w-]+)'/g)].map((match) => match[1]!),
        });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  const parts = source.statements
    .filter(ts.isImportDeclaration)
    .map(({ moduleSpecifier }) => (moduleSpecifier as ts.StringLiteral).text)
    .filter((target) => target.startsWith('./command/'))
    .map((target) => join(dirname(file), target.replace(/\.js$/, '.ts')));
  return [...found, ...parts.flatMap(declaredIn)];
}

function initializerOf(object: ts.ObjectLiteralExpression, key: string): ts.Expression | undefined {
  const property = object.properties.find((each) => each.name?.getText() === key);
  return property && ts.isPropertyAssignment(property) ? property.initializer : undefined;
}
