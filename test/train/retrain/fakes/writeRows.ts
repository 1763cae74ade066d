import { writeFileSync } from 'node:fs';

/** Training rows as the commands of `fakeCommands` understand them: the best quality of the data is that of the run. */
export function writeRows(file: string, qualities: readonly number[]): void {
  const lines = qualities.map((quality) =>
    JSON.stringify({ query: quality.toFixed(2), pos: [`positive of ${file}`], neg: ['negative'] }),
  );
  writeFileSync(file, `${lines.join('\n')}\n`);
}
