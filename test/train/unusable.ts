import { cpSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tableFromArrays, tableToIPC } from 'apache-arrow';
import { tinySettings } from '../tinyRun.js';

/**
 * Arguments that `npm run train` refuses, and what it says of each.
 * @param folderOf  a tiny run's folder, in which a run `whole` was trained
 * @param started   arguments of a run that could be trained
 */
export function unusable(
  folderOf: () => string,
  started: readonly string[],
): [what: string, args: () => string[], message: RegExp][] {
  const at = (...names: string[]) => join(folderOf(), 'checkpoints/runs', ...names);
  const changedBase = (name: string, change: (base: string) => void) => {
    const base = join(folderOf(), name);
    cpSync(join(folderOf(), 'base'), base, { recursive: true });
    change(base);
    return base;
  };
  const cutBase = () => changedBase('cut-base', (base) => truncateSync(join(base, 'model.safetensors'), 100_000));
  const llamaBase = () =>
    changedBase('llama-base', (base) => {
      const file = join(base, 'config.json');
      writeFileSync(file, readFileSync(file, 'utf8').replace('"qwen2"', '"llama"'));
    });
  const cutArrow = () => {
    const file = join(folderOf(), 'cut.arrow');
    cpSync(join(folderOf(), 'train.arrow'), file);
    truncateSync(file, 2000);
    return file;
  };
  const otherSchema = () => {
    const file = join(folderOf(), 'scores.arrow');
    writeFileSync(file, tableToIPC(tableFromArrays({ query_id: ['q1'], score: [1] }), 'file'));
    return file;
  };
  const wideAdapter = () => {
    const copy = join(folderOf(), 'wide');
    mkdirSync(copy, { recursive: true });
    cpSync(at('whole/adapter'), copy, { recursive: true });
    const file = join(copy, 'adapter_model.safetensors');
    // The header is padded with blanks, so a name may grow by one: layer 0 becomes layer 90.
    const bytes = readFileSync(file).toString('latin1');
    writeFileSync(file, Buffer.from(bytes.replaceAll('layers.1.', 'layers.9.'), 'latin1'));
    return copy;
  };
  return [
    ['no base', () => ['--data', 'train.arrow'], /--base is missing.*--base demo/],
    ['a misspelt base', () => ['--base', 'demmo'], /unknown base demmo.*did you mean demo\?/],
    ['a missing base folder', () => ['--base', './nowhere', '--data', 'train.arrow'], /nowhere does not exist/],
    [
      'a shard cut short',
      () => ['--base', cutBase(), '--data', 'train.arrow', ...tinySettings],
      /model\.safetensors is cut short/,
    ],
    [
      'another architecture',
      () => ['--base', llamaBase(), '--data', 'train.arrow', ...tinySettings],
      /model_type must be one of qwen2.*got "llama"/,
    ],
    [
      'a training file that is one of two parts',
      () => {
        cpSync(join(folderOf(), 'train.arrow'), join(folderOf(), 'rows-00000-of-00002.arrow'));
        return ['--base', 'base', '--data', 'rows-00000-of-00002.arrow', ...tinySettings];
      },
      /rows is not whole: of its 2 parts rows-00001-of-00002\.arrow is missing/,
    ],
    ['a missing training file', () => ['--base', 'base', '--data', 'none.arrow', ...tinySettings], /none\.arrow/],
    [
      'a training file cut short',
      () => ['--base', 'base', '--data', cutArrow(), ...tinySettings],
      /cut\.arrow is cut short/,
    ],
    [
      'a training file of another kind',
      () => ['--base', 'base', '--data', 'base/config.json', ...tinySettings],
      /config\.json/,
    ],
    [
      'a training file of another schema',
      () => ['--base', 'base', '--data', otherSchema(), ...tinySettings],
      /scores\.arrow.*positives/,
    ],
    [
      'an unknown setting',
      () => [...started, '--set', 'loss.temprature=1'],
      /unknown setting loss\.temprature; did you mean temperature\?/,
    ],
    [
      'a temperature at which nothing can be told apart',
      () => [...started, '--set', 'loss.temperature=1e30'],
      /loss\.temperature.*100.*got 1e\+30/,
    ],
    [
      'a rate that changes nothing',
      () => [...started, '--set', 'optimizer.learningRate=1e-20'],
      /optimizer\.learningRate.*1e-9.*got 1e-20/,
    ],
    ['a temperature of 0', () => [...started, '--set', 'loss.temperature=0'], /loss\.temperature.*got 0/],
    [
      'an unknown recipe',
      () => ['--base', 'base', '--data', 'train.arrow', '--recipe', 'studi'],
      /unknown recipe studi; did you mean study\?/,
    ],
    ['an unknown option', () => [...started, '--temperature', '1'], /temperature/],
    [
      'a setting without effect',
      () => [...started, '--adapter', at('whole/adapter'), '--set', 'lora.rank=4'],
      /lora\.rank has no effect with --adapter/,
    ],
    [
      'a warm-up as long as the run',
      () => [...started, '--set', 'schedule.warmupSteps=12'],
      /schedule\.warmupSteps must be below the 12 updates/,
    ],
    [
      'a run that was begun otherwise',
      () => [...started, '--run', 'whole', '--set', 'seed=7', '--set', 'lora.rank=8'],
      /run whole exists and was begun otherwise: seed was 42 and is 7; lora\.rank was 16 and is 8; .*--run/,
    ],
    [
      'several bases',
      () => [...started, '--base', 'demo'],
      /--base takes one value; got base and demo; several bases are a study: npm run study/,
    ],
    [
      'data sets beside files',
      () => [...started, '--set', 'training.datasets=[msmarco-train]'],
      /training\.datasets has no effect with --data/,
    ],
    [
      'a data set that is not for training',
      () => ['--base', 'base', '--set', 'training.datasets=[scifact]'],
      /scifact is no training data; name one of .*msmarco-train/,
    ],
    [
      'a recipe without data',
      () => ['--base', 'base', '--set', 'training.datasets=[]'],
      /--data is missing: recipe study names no data sets/,
    ],
    [
      'a run that does not exist',
      () => ['--run', 'wholle', '--resume'],
      /run wholle does not exist.*did you mean whole\?/,
    ],
    [
      'settings on a resumed run',
      () => ['--run', 'whole', '--resume', '--set', 'seed=1'],
      /--set has no effect with --resume/,
    ],
    [
      'an allowed engine on a new run',
      () => [...started, '--allow-engine', 'wasm'],
      /--allow-engine has no effect without --resume/,
    ],
    [
      // It was taken without a word, and trained on under rules that it did not know.
      'an adapter of another contract',
      () => [
        ...started,
        ...[
          '--adapter',
          at('whole/adapter'),
          '--set',
          'contract.queryPrefix=Question:',
          '--set',
          'loss.temperature=0.5',
        ],
        ...['--allow-contract', 'temperature'],
      ],
      /was made under another contract: queryPrefix .*, not "Question:"; use .* --allow-contract queryPrefix/,
    ],
    [
      'a difference that is allowed and not there',
      () => [...started, '--adapter', at('whole/adapter'), '--allow-contract', 'titleRule'],
      /--allow-contract titleRule has no effect: titleRule is the same in the contract of/,
    ],
    [
      'a difference that is allowed without an adapter',
      () => [...started, '--allow-contract', 'titleRule'],
      /--allow-contract has no effect without --adapter/,
    ],
    [
      'a name that is none, before the base is looked for',
      () => ['--base', 'nobody/nothing', '--data', 'train.arrow', '--run', '../up'],
      /run name "\.\.\/up" must be/,
    ],
    ['an adapter of another base', () => [...started, '--adapter', wideAdapter()], /adapter was made for another base/],
  ];
}
