import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { readYaml } from './readYaml.js';

const count = z.number().int().min(1);

/** The vision tower, as config.json names it: `depth` is blocks, `window` is in tokens. */
const vision = z.strictObject({
  hidden: count,
  intermediate: count,
  blocks: count,
  heads: count,
  patch: count,
  merge: count,
  window: count,
  fullBlocks: z.array(z.number().int().min(0)),
});

const shape = z.strictObject({
  hidden: count,
  layers: count,
  heads: count,
  kvHeads: count,
  headDim: count,
  intermediate: count,
  /** Rows of the embedding table: more than the tokenizer has ids. */
  vocabularyRows: count,
  /** The language head is the embedding table. */
  tied: z.boolean(),
  ropeTheta: z.number().positive(),
  /** Numbers in the vision tower, which is downloaded, and loaded where images are read. */
  visionParameters: z.number().int().min(0).default(0),
  vision: vision.optional(),
});

/** What a base file says of the decoder, so that it can be known before anything is downloaded. */
export type BaseShape = z.output<typeof shape>;

const schema = z
  .strictObject({
    /** Checkpoint folder in Hugging Face layout, relative to the file. */
    folder: z.string().optional(),
    /** `owner/name` on the Hugging Face hub, and a commit, branch or tag there. */
    hub: z
      .string()
      .regex(/^[\w.-]+\/[\w.-]+$/)
      .optional(),
    revision: z.string().optional(),
    recipe: z.string().default('study'),
    about: z.string(),
    licence: z.string(),
    /** What a user of this base must know, a line each. */
    special: z.array(z.string()).default([]),
    shape: shape.optional(),
  })
  .refine(({ folder, hub }) => (folder === undefined) !== (hub === undefined), 'state either folder or hub')
  .refine(({ hub, revision, shape }) => !hub || (revision && shape), 'a base of the hub needs revision and shape');

/** One file in configs/bases/. */
export type BaseFile = z.output<typeof schema>;

/** Read and check a file in configs/bases/. A mistake there is ours and throws a plain error. */
export function readBaseFile(name: string): BaseFile {
  return schema.parse(readYaml(fileURLToPath(new URL(`../bases/${name}.yaml`, import.meta.url))));
}
