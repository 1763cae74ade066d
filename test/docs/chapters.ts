import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Pages of people's: README.md and those in docs/, paths from the checkout on. */
export const pages = (): string[] => [
  'README.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

export const textOf = (page: string): string => readFileSync(join(root, page), 'utf8');

/** Command lines in the fenced blocks without a language of a page, continued lines joined. */
export function commandsIn(text: string): string[] {
  const blocks = [...text.matchAll(/^```\n(.*?)^```/gms)].map((match) => match[1]!);
  return blocks.flatMap((block) =>
    block
      .replaceAll(/\\\n\s*/g, '')
      .trim()
      .split('\n'),
  );
}

/** Every `npm run` of a page, in blocks and in running text. */
export function npmCommandsIn(text: string): string[] {
  const inline = text.replaceAll(/^```.*?^```/gms, '').matchAll(/`([^`]*npm run [^`]+)`/g);
  return [...commandsIn(text), ...[...inline].map((match) => match[1]!)].filter((line) => /\bnpm run \w/.test(line));
}

/** Words as a shell makes them, without a comment behind them. */
export function wordsOf(line: string): string[] {
  const words = [...line.matchAll(/'([^']*)'|"([^"]*)"|(\s#.*$)|(?:[^\s'"]|'[^']*'|"[^"]*")+/g)];
  return words
    .filter((match) => match[3] === undefined)
    .map((match) => match[1] ?? match[2] ?? match[0].replaceAll(/['"]/g, ''));
}
