import type { Command } from '../../configs/cli/cli.js';
import { loadConfig } from '../../configs/load/loadConfig.js';
import { resolveBase } from '../../configs/load/resolveBase.js';
import { UserError } from '../../configs/userError.js';
import { fetchBase } from '../../checkpoints/hub/fetchBase.js';
import { describeMixed } from '../../model/describe/describeMixed.js';
import { imageRules, openVision } from '../../model/vision/openVision.js';
import { imageInFile } from '../image/imageSource.js';
import { startImageThreads } from '../image/imageThreads.js';
import { describeTokens, formatTokens } from '../inspect/describeTokens.js';
import { makeContract } from '../tokenizer/makeContract.js';
import { loadTokenizer } from '../tokenizer/tokenizer.js';

export const tokensCommand: Command<{
  texts: string[];
  base: string;
  recipe: string | undefined;
  as: 'query' | 'passage';
  image: string[];
  set: string[];
  json: boolean;
}> = {
  name: 'tokens [texts..]',
  describe: 'Show what texts and images become under a contract: ids, tokens, and what each comes from',
  options: (cli) =>
    cli
      .positional('texts', { type: 'string', array: true, default: [], describe: 'texts, each in quotes' })
      .option('base', { type: 'string', demandOption: true, describe: 'whose tokenizer, a name or folder' })
      .option('recipe', { type: 'string', describe: "whose contract, instead of that of the base's own recipe" })
      .option('as', { choices: ['query', 'passage'] as const, default: 'query' as const, describe: 'which prefix' })
      .option('image', {
        type: 'string',
        array: true,
        nargs: 1,
        default: [],
        describe: 'image file of one document with the text, if there is one; may be given again',
      })
      .option('set', {
        type: 'string',
        array: true,
        nargs: 1,
        default: [],
        describe: 'change a setting of the recipe, as image.maxPixels=1003520',
      })
      .option('json', { type: 'boolean', default: false, describe: 'print one JSON object' }),
  examples: [
    ['npm run data -- tokens --base demo "who wrote it?"', 'prefix, text, EOS'],
    ['npm run data -- tokens --base ./Qwen2.5-7B-Instruct --recipe promptreps "who?"', 'in the chat template'],
    ['npm run data -- tokens --base qwen-vl --as passage --image page.png', 'the tokens that an image takes'],
  ],
  async handler({ texts, base, recipe, as, image, set, json }) {
    if (texts.length === 0 && image.length === 0)
      throw new UserError('tokens needs a text, or --image with the file of an image');
    if (image.length > 0 && texts.length > 1)
      throw new UserError(`--image makes one document of text and images; got ${texts.length} texts; give one at most`);
    const named = resolveBase(base);
    const { config, overridden } = loadConfig(recipe ?? named.recipe, set);
    const idle = overridden.find(
      (path) => !path.startsWith('contract.') && !(path.startsWith('image.') && image.length > 0),
    );
    if (idle !== undefined) throw new UserError(`--set ${idle} has no effect on tokens; leave it out`);
    const { folder } = await fetchBase(named, { wanted: 'tokenizer' });
    const tokenizer = await loadTokenizer(folder);
    if (tokenizer.slow !== null) console.error(tokenizer.slow);
    if (image.length === 0) {
      const contract = makeContract(config, tokenizer, config.contract.precision);
      const described = texts.map((text) => describeTokens(tokenizer, contract, as, String(text)));
      console.log(json ? JSON.stringify({ contract, texts: described }) : described.map(formatTokens).join('\n\n'));
      return;
    }
    const vision = await openVision(folder, tokenizer);
    const contract = makeContract(config, tokenizer, config.contract.precision, 'float32', vision.values);
    const threads = startImageThreads(imageRules(config.image, vision.config), 1);
    try {
      const prepared = await Promise.all(image.map(async (file) => threads.prepare(await imageInFile(String(file)))));
      const text = describeTokens(tokenizer, contract, as, String(texts[0] ?? ''), image.length);
      const files = image.map((file, index) => ({ file: String(file), ...prepared[index]! }));
      const described = describeMixed(text, files, vision, config.image);
      console.log(json ? JSON.stringify({ contract, texts: [described] }) : formatTokens(described));
    } finally {
      await threads.close();
    }
  },
};
