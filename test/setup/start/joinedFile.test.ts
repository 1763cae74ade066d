import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { joinedFile } from '../../../setup/start/joinedFile.mjs';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';

// Every command read some four hundred files through a loader of TypeScript, which took seconds of each start.
describe('a command and all that it imports, joined to one file', () => {
  const at = useTemporaryFolder();
  const script = 'room/command.ts';
  const write = (word: string) => {
    mkdirSync(at('room'), { recursive: true });
    writeFileSync(
      at('room/word.ts'),
      `export const word: string = '${word}';\nexport const place = import.meta.url;\n`,
    );
    writeFileSync(
      at(script),
      `import { word, place } from './word.js';\nconsole.log(word, place);\nexport const late = () => import('./late.js');\n`,
    );
    writeFileSync(at('room/late.ts'), 'export const late = 1;\n');
  };
  const printed = (file: string) => execFileSync(process.execPath, [file], { encoding: 'utf8' });
  const files = () => readdirSync(at('.joined'), { recursive: true, encoding: 'utf8' }).sort();

  it('does what they do, each with its own import.meta.url, and is used again', async () => {
    write('one');
    const file = await joinedFile(at(), script);
    assert.equal(printed(file!), `one ${pathToFileURL(at('room/word.ts')).href}\n`);
    const before = files();
    assert.equal(await joinedFile(at(), script), file);
    assert.deepEqual(files(), before);
  });

  it('is made again when one of the files changed, and leaves the former to processes that run it', async () => {
    write('one');
    const first = await joinedFile(at(), script);
    write('other');
    const second = await joinedFile(at(), script);
    assert.match(printed(second!), /^other /);
    assert.match(printed(first!), /^one /);
  });

  it('goes when nothing was started from it for a month, and stays where something was', async () => {
    const longAgo = new Date(Date.now() - 31 * 24 * 3600 * 1000);
    const age = (file: string) => utimesSync(dirname(file), longAgo, longAgo);
    write('one');
    const first = (await joinedFile(at(), script))!;
    write('other');
    const second = (await joinedFile(at(), script))!;
    for (const file of [first, second]) age(file);
    await joinedFile(at(), script); // a start
    await joinedFile(at(), 'room/late.ts'); // another command is joined
    assert.deepEqual([existsSync(first), existsSync(second)], [false, true]);
  });

  it('is made again when it is gone or its record is damaged', async () => {
    write('one');
    const file = await joinedFile(at(), script);
    rmSync(file!);
    const again = await joinedFile(at(), script);
    assert.match(printed(again!), /^one /);
    const record = files().find((name) => name.endsWith('.json'))!;
    writeFileSync(at(`.joined/${record}`), '{');
    assert.match(printed((await joinedFile(at(), script))!), /^one /);
  });

  it('is left to the loader, which explains it, where a file cannot be read or the result cannot be kept', async () => {
    write('one');
    writeFileSync(at('room/word.ts'), 'export const word = ;');
    assert.equal(await joinedFile(at(), script), undefined);
    write('one');
    rmSync(at('.joined'), { recursive: true, force: true });
    writeFileSync(at('.joined'), 'not a folder');
    assert.equal(await joinedFile(at(), script), undefined);
  });
});
