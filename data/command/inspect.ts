import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from '../../configs/cli/cli.js';
import { progressBar } from '../../configs/cli/progress.js';
import { requireWhole } from '../../configs/cli/whole.js';
import { loadConfig } from '../../configs/load/loadConfig.js';
import { resolveBase } from '../../configs/load/resolveBase.js';
import { readJsonObject } from '../../checkpoints/base/baseFolder.js';
import { fetchBase } from '../../checkpoints/hub/fetchBase.js';
import { UserError } from '../../configs/userError.js';
import { loadTasks, requireTaskData } from '../../eval/tasks/task.js';
import { gridOf, openVision } from '../../model/vision/openVision.js';
import type { Size } from '../image/smartSize.js';
import { imagesPath } from '../arrow/images/imageSchema.js';
import { contactSheet } from '../inspect/contactSheet.js';
import type { TokensOfImage } from '../inspect/imageFacts.js';
import { formatInspection, formatOverlaps } from '../inspect/formatInspection.js';
import { inspectExamples, type Inspection } from '../inspect/inspectExamples.js';
import { inspectOverlap, type ComparedTask } from '../inspect/inspectOverlap.js';
import { makeContract } from '../tokenizer/makeContract.js';
import { loadTokenizer } from '../tokenizer/tokenizer.js';
import { modelFolders } from '../../eval/encoder/modelFolders.js';
import { requireApart } from '../files/requireApart.js';
import { writeBeside } from '../files/writeBeside.js';

/** Rows on which `inspect --base` measures tokens: about 15,000 passages, some seconds. */
const ROWS_TOKENIZED = 500;

/** Images of a file on its page, a few kilobytes each. */
const IMAGES_SHOWN = 24;

export const inspectCommand: Command<{
  files: string[];
  base: string | undefined;
  tasks: string | undefined;
  'tasks-dir': string | undefined;
  rows: number;
  html: string | undefined;
  json: boolean;
}> = {
  name: 'inspect <files..>',
  describe: 'Say what is in Arrow files of training data, and what they have in common with evaluation',
  options: (cli) =>
    cli
      .positional('files', { type: 'string', array: true, demandOption: true, describe: 'Arrow files, of either form' })
      .option('base', { type: 'string', describe: 'measure lengths with the tokenizer of this base, a name or folder' })
      .option('tasks', { type: 'string', describe: 'look for the queries and relevant passages of these tasks' })
      .option('tasks-dir', { type: 'string', describe: 'folder of tasks in BEIR layout' })
      .option('rows', { type: 'number', default: 3, describe: 'rows to show' })
      .option('html', { type: 'string', describe: 'write a page with charts to this file' })
      .option('json', { type: 'boolean', default: false, describe: 'print one JSON object' }),
  examples: [
    [`npm run data -- inspect train.arrow`, 'rows, negatives a query, repeated texts, lengths'],
    [`npm run data -- inspect train.arrow --base demo`, 'and how many texts the token limits would cut'],
    [
      `npm run data -- inspect train.arrow --tasks beir --html train.html`,
      'and what evaluation would find known already',
    ],
  ],
  async handler({ files, base, tasks, tasksDir, rows, html, json }) {
    requireWhole('rows', rows, 0);
    if (tasksDir !== undefined && tasks === undefined)
      throw new UserError('--tasks-dir has no effect without --tasks; name tasks in it, or leave it out');
    const compared = (tasks ?? '').split(',').flatMap((name) => (name === '' ? [] : loadTasks(name, tasksDir)));
    for (const task of compared) requireTaskData(task);
    if (html !== undefined) {
      const read = [
        ...files.map(String).flatMap((file) => [file, imagesPath(file)]),
        ...compared.map(({ folder }) => folder),
        ...(base === undefined ? [] : modelFolders(`base:${base}`)),
      ];
      await requireApart([{ option: '--html', path: html, kind: 'file' }], read);
    }
    const tokens: { tokens?: Awaited<ReturnType<typeof tokensOf>> } =
      base === undefined ? {} : { tokens: await tokensOf(base) };
    const inspections: Inspection[] = [];
    for (const file of files.map(String)) {
      const bar = progressBar('reading', 100);
      const onRows = (done: number, all: number) => bar.update(Math.round((100 * done) / all));
      inspections.push(
        await inspectExamples(file, {
          samples: rows,
          sheet: html === undefined ? 0 : IMAGES_SHOWN,
          ...tokens,
          onRows,
        }).finally(() => bar.stop()),
      );
    }
    const overlaps = compared.length === 0 ? [] : await compare(inspections, compared, tokens.tokens?.ofImage);
    if (html !== undefined) {
      const { inspectionPage } = await import('../../eval/report/inspection/inspectionPage.js'); // loads the chart library
      const sheets = [];
      for (const { path, images } of inspections) sheets.push(await contactSheet(path, images?.sheet ?? []));
      await writeBeside(html, inspectionPage(inspections, overlaps, sheets));
      console.error(`page    ${html}`);
    }
    const overlap = overlaps.length > 0 && { overlap: overlaps };
    if (json) {
      console.log(
        JSON.stringify(files.length === 1 ? { ...inspections[0], ...overlap } : { files: inspections, ...overlap }),
      );
      return;
    }
    const width = process.stdout.columns ?? 120;
    for (const inspection of inspections) console.log(`${formatInspection(inspection, width)}\n`);
    if (overlaps.length > 0) console.log(formatOverlaps(overlaps, width));
  },
};

function compare(inspections: Inspection[], tasks: ComparedTask[], ofImage: TokensOfImage | undefined) {
  const all = inspections.reduce((sum, { rows }) => sum + rows, 0);
  const bar = progressBar('comparing, rows', all);
  const paths = inspections.map(({ path }) => path);
  return inspectOverlap(paths, tasks, (done) => bar.update(done), ofImage).finally(() => bar.stop());
}

/** The tokenizer of a base, with the contract of its own recipe, and what an image becomes where it reads any. */
async function tokensOf(base: string) {
  const named = resolveBase(base);
  const { folder } = await fetchBase(named, { wanted: 'tokenizer' });
  const tokenizer = await loadTokenizer(folder);
  const { config } = loadConfig(named.recipe);
  const contract = makeContract(config, tokenizer, config.contract.precision);
  const file = join(folder, 'config.json');
  const hasTower = existsSync(file) && (await readJsonObject(file))['vision_config'] != null;
  const vision = hasTower ? await openVision(folder, tokenizer) : undefined;
  const ofImage = vision && ((size: Size) => tokensOfGrid(gridOf(size, config.image, vision.config)));
  return { tokenizer, contract, rows: ROWS_TOKENIZED, ofImage };
}

const tokensOfGrid = ({ rows, columns }: { rows: number; columns: number }) => rows * columns;
