import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { resolveDatasets } from '../../configs/load/datasetFile.js';
import { loadConfig } from '../../configs/load/loadConfig.js';
import { loadRetraining } from '../../configs/load/loadRetraining.js';
import { loadStudy } from '../../configs/load/loadStudy.js';
import { namesIn } from '../../configs/load/names.js';
import { resolveBase } from '../../configs/load/resolveBase.js';
import { taskNames } from '../../eval/tasks/taskFile.js';
import { npmCommandsIn, pages, textOf, wordsOf } from './chapters.js';
import { commandsOfScripts } from './commandOptions.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

describe('the guide', () => {
  const scripts = commandsOfScripts();

  it('reads commands as a shell does', () => {
    assert.deepEqual(wordsOf(`npm run train -- --set 'a.b=c d' "e f" g=[h]  # why`), [
      ...['npm', 'run', 'train', '--', '--set', 'a.b=c d', 'e f', 'g=[h]'],
    ]);
    assert.deepEqual(scripts.get('data')!.find(({ name }) => name === 'download')!.options, ['list', 'into', 'json']);
  });

  it('names only commands, options, settings and names that there are', () => {
    const byHand = pages().filter((page) => page !== 'docs/messages.md'); // made from the sources
    const commands = byHand.flatMap((page) => npmCommandsIn(textOf(page)).map((line) => ({ page, line })));
    assert.ok(commands.length > 60);
    assert.deepEqual(
      commands.flatMap(({ page, line }) => faultsOf(line).map((fault) => `${page}: ${line}: ${fault}`)),
      [],
    );
  });

  it('finds what is wrong in a command', () => {
    assert.deepEqual(faultsOf('npm run trian'), ['no script trian']);
    assert.deepEqual(faultsOf('npm run data -- improt a'), ['no command improt']);
    assert.deepEqual(faultsOf('npm run train -- --bass demo'), ['no option --bass']);
    assert.match(faultsOf('npm run train -- --base demo --set lora.rnak=8')[0]!, /unknown setting lora\.rnak/);
    assert.match(faultsOf('npm run eval -- --model base:quen-math')[0]!, /unknown base quen-math/);
    assert.deepEqual(faultsOf('npm run eval -- --model bm25 --tasks scifcat'), ['no task scifcat']);
    assert.match(faultsOf('npm run study -- eigth-bases')[0]!, /unknown study eigth-bases/);
  });

  it('leads to pages, files and headings that there are', () => {
    const links = pages().flatMap((page) =>
      [...textOf(page).matchAll(/\]\(([^)\s]+)\)/g)]
        .map((match) => match[1]!)
        .filter((target) => !/^https?:/.test(target))
        .map((target) => ({ page, target })),
    );
    assert.ok(links.length > 40);
    const isLost = ({ page, target }: { page: string; target: string }) => {
      const [path, heading] = target.split('#') as [string, string?];
      const file = path === '' ? page : join(dirname(page), path);
      return !existsSync(join(root, file)) || (heading !== undefined && !headingsOf(textOf(file)).includes(heading));
    };
    assert.deepEqual(links.filter(isLost), []);
  });

  /** What of a command line cannot be given. Words in capitals stand for something of the reader's. */
  function faultsOf(line: string): string[] {
    const words = wordsOf(line.slice(line.indexOf('npm run')));
    const [, , script = '', dashes, ...args] = words;
    const declared = scripts.get(script);
    if (!declared) return [`no script ${script}`];
    if (dashes !== '--' || declared.length === 0) return [];
    const isWhole = declared.every(({ name }) => name === '$0');
    const command = declared.find(({ name }) => name === (isWhole ? '$0' : args[0]));
    if (!command) return isStandIn(args[0]!) ? [] : [`no command ${args[0]}`];
    const known = [...command.options, 'help'];
    const options = args.filter((word) => word.startsWith('--')).map((word) => word.slice(2).replace(/=.*$/, ''));
    const unknown = options.filter((name) => !known.includes(name.replace(/^no-/, '')));
    return [...unknown.map((name) => `no option --${name}`), ...valueFaults(script, args)];
  }

  function valueFaults(script: string, args: string[]): string[] {
    const values = (option: string) =>
      args
        .flatMap((word, index) => (word === `--${option}` ? [args[index + 1] ?? ''] : []))
        .filter((one) => !isStandIn(one));
    const [first = ''] = args;
    const model = values('model').filter((name) => name.startsWith('base:') && !isStandIn(name.slice(5)));
    const bases = [...values('base'), ...model.map((name) => name.slice('base:'.length))];
    const isNamed = (name: string) => !/[./]/.test(name) && !isStandIn(name) && !name.startsWith('-');
    return [
      ...bases.filter(isNamed).flatMap((name) => thrown(() => resolveBase(name))),
      ...values('recipe').flatMap((name) => (namesIn('recipes').includes(name) ? [] : [`no recipe ${name}`])),
      ...values('tasks')
        .flatMap((list) => list.split(','))
        .filter(isNamed)
        .flatMap((name) => (taskNames().includes(name) ? [] : [`no task ${name}`])),
      ...thrown(() =>
        loadConfig(
          'study',
          values('set').filter((set) => !set.startsWith('path=')),
        ),
      ),
      ...(script === 'study' && isNamed(first) ? thrown(() => loadStudy(first)) : []),
      ...(script === 'retrain' && isNamed(first) ? thrown(() => loadRetraining(first)) : []),
      ...(script === 'data' && first === 'download'
        ? thrown(() => resolveDatasets(args.slice(1).filter((word) => isNamed(word))))
        : []),
    ];
  }
});

const isStandIn = (word: string) => /^[A-Z]+(\.\.\.)?$/.test(word) || /[<>]/.test(word) || word === '...';

function thrown(work: () => unknown): string[] {
  try {
    work();
    return [];
  } catch (error) {
    return [(error as Error).message];
  }
}

/** As GitHub makes anchors of them. */
function headingsOf(text: string): string[] {
  return [...text.replaceAll(/^```.*?^```/gms, '').matchAll(/^#+ (.*)$/gm)].map((match) =>
    match[1]!
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}
