import { userMessages } from './userMessages.js';

/** What messages are about: where their sources lie, and what a user should know. The longest place that fits is taken. */
const themes: [place: string, title: string, about: string][] = [
  ['configs/cli', 'The command line', 'A command was given otherwise than it can be; `--help` shows what it accepts.'],
  [
    'configs/load',
    'Recipes, settings, studies and plans',
    'A YAML file or a `--set` names something that is not known or has no effect. Settings: [settings.md](settings.md).',
  ],
  ['data/command', 'Options of npm run data', 'Options that do not go together, or have no effect on what was asked.'],
  [
    'data/arrow',
    'Arrow files of training data',
    'A training file is not whole, or its columns are not those of examples.',
  ],
  ['data/download', 'Downloading data sets', 'A host, a disk or an archive; the same command goes on where it was.'],
  ['data/files', 'Files and folders', 'A place cannot be read or written. What was there before is unharmed.'],
  ['data/image', 'Images', 'One image cannot be read as it is; the message names its file first.'],
  ['data/import', 'Importing training data', 'The source is not of the format it was taken for, or changed meanwhile.'],
  ['data/stream', 'Data of a run', 'What `--data` names cannot fill a pool.'],
  ['data/task', 'Tasks', 'The corpus, queries or judgements of a task cannot be used.'],
  ['data/tokenCache', 'Kept tokens', 'They can be made anew at any time by `npm run data -- tokenize`.'],
  ['data/tokenizer', 'Tokenizers', "The base's tokenizer files lack something, or say something that is not computed."],
  ['data', 'Commands on data', 'Options of import and download.'],
  ['checkpoints/adapter', 'Adapters', 'The folder of an adapter is not one that can be applied.'],
  ['checkpoints/base', 'Bases', 'The folder of a base is not whole, or its config asks for what is not computed here.'],
  ['checkpoints/contract', 'Contracts', 'What makes embeddings comparable differs, or its file was changed.'],
  ['checkpoints/export', 'Exports', 'The form asked for cannot hold what the model needs.'],
  ['checkpoints/hub', 'The Hugging Face hub', 'A base could not be had from the hub; nothing half downloaded is used.'],
  ['checkpoints/run', 'Runs', 'The folder of a run, its records, its log or its saved states.'],
  ['checkpoints/tensors', 'Weights', 'A safetensors file is damaged, or of a kind that is not read.'],
  ['model/engine', 'The engine', '`npm run doctor` says which engine runs and why.'],
  ['model/ranks', 'Several ranks', 'How ranks were started, or how they found each other; see [ranks.md](ranks.md).'],
  ['model/vision', 'Vision towers', "The base's vision config asks for what is not computed here."],
  [
    'model',
    'Loading and computing a model',
    'The base is not of the kind, or not of the size, that can be computed here.',
  ],
  ['eval/command', 'Options of encode, export and compare', 'Options that do not go together, or have no effect.'],
  ['eval/dense', 'Encoding', 'Texts to encode, or where their embeddings go.'],
  ['eval/encoder', 'Models that encode', 'What `--model` names cannot be opened under the rules asked for.'],
  ['eval/mining', 'Mining negatives', 'Settings of `npm run data -- mine`.'],
  [
    'eval/report',
    'Comparing',
    'What is to be compared is missing or not alike; see [evaluating.md](evaluating.md#comparing).',
  ],
  ['eval/tasks', 'Names and files of tasks', 'What `--tasks` names, or a task file of your own.'],
  ['eval', 'Evaluating', 'Options of eval, metrics, run files and results.'],
  ['train/command', 'Options of study, retrain and pretraining', 'Options that do not go together, or have no effect.'],
  ['train/during', 'Scores while training', 'Settings of `evaluation` that ask for scores between updates.'],
  ['train/loop', 'Beginning and going on with a run', 'What the run began with and what is here now are not the same.'],
  ['train/prepare', 'What a run needs', 'What is to be trained on, and whether the run of that name was begun alike.'],
  ['train/pretrain', "Pretraining the demonstration's base", 'Only bases of that kind can be pretrained.'],
  ['train/ranks', 'A run over several ranks', 'A machine has other files than rank 0.'],
  [
    'train/retrain',
    'Retraining',
    'The plan, its data, its gate, its champion or its schedule; see [retraining.md](retraining.md).',
  ],
  ['train/step', 'Updates', 'An update cannot be made. The last saved state is unharmed.'],
  ['train/study', 'Studies', 'The manifest of a study, its cells or their places; see [study.md](study.md).'],
  ['train', 'Options of train', 'Options that do not go together, or have no effect.'],
];

/** Every message that a user can get, by what it is about, as a page in Markdown. */
export function messagesPage(messages = userMessages()): string {
  const sections = themes.flatMap(([place, title, about]) => {
    const texts = messages.filter(({ file }) => themeOf(file) === place).map(({ text }) => text);
    return texts.length === 0 ? [] : [`## ${title}`, '', about, '', ...[...new Set(texts)].sort().map(item), ''];
  });
  return [
    '# Messages',
    '',
    'Every line that a command ends with when there is something that you can mend, made from the sources. What stands in angle',
    'brackets is a name or value of yours; what follows the arrow is what to do. The likeliest twenty are explained in',
    '[troubleshooting.md](troubleshooting.md).',
    '',
    ...sections,
  ].join('\n');
}

/** Messages of these files are in no chapter of the page, or chapters hold none. */
export function strayThemes(messages = userMessages()): string[] {
  const used = new Set(messages.map(({ file }) => themeOf(file)));
  return [
    ...messages.filter(({ file }) => themeOf(file) === undefined).map(({ file }) => file),
    ...themes.map(([place]) => place).filter((place) => !used.has(place)),
  ];
}

const themeOf = (file: string) =>
  themes
    .map(([place]) => place)
    .filter((place) => file.startsWith(`${place}/`))
    .sort((one, other) => other.length - one.length)[0];

/** The remedy is what follows the last semicolon, unless that says what was given. */
function item(text: string): string {
  const [, told, remedy] = /^(.*); (?!got )(.*?)$/s.exec(text) ?? [undefined, text];
  return remedy === undefined ? `- ${code(told)}` : `- ${code(told)} → ${code(remedy)}`;
}

const code = (text: string) =>
  `\`${text
    .replaceAll('`', '')
    .replace(/\s*\n\s*/g, ' ')
    .trim()}\``;
