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
  const blocks = [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)].flatMap((match) =>
    match[1] === '' ? [match[2]!] : [],
  );
  return blocks.flatMap((block) =>
    block
      .replaceAll(/\\\n\s*/g, '')
      .trim()
      .split('\n'),
  );
}

/** Every `npm run` of a page, in blocks, fenced or indented, and in running text. */
export function npmCommandsIn(text: string): string[] {
  const prose = text.replaceAll(/^```.*?^```/gms, '');
  const indented = [...prose.matchAll(/^ {4}(npm run .*)$/gm)].map((match) => match[1]!);
  const inline = [...prose.matchAll(/`([^`]*)`/g)].map((match) => match[1]!);
  return [...commandsIn(text), ...indented, ...inline].filter((line) => /\bnpm run \w/.test(line));
}

/** Words as a shell makes them, without a comment behind them. */
export function wordsOf(line: string): string[] {
  const words = [...line.matchAll(/'([^']*)'|"([^"]*)"|(\s#.*$)|(?:[^\s'"]|'[^']*'|"[^"]*")+/g)];
  return words
    .filter((match) => match[3] === undefined)
    .map((match) => match[1] ?? match[2] ?? match[0].replaceAll(/['"]/g, ''));
}
