import { z } from 'zod';
import { imageAlphas, imageOrders, imagePositions, precisions } from './contract.js';

/** The seven projections of a Qwen2 decoder layer that LoRA may adapt, by the short names users write. */
export const projections = ['q', 'k', 'v', 'o', 'gate', 'up', 'down'] as const;
export type Projection = (typeof projections)[number];

const count = (help: string) => z.number().int().min(1).describe(help);
const above0 = (help: string) => z.number().positive().describe(help);
const share = (help: string) => z.number().min(0).lt(1).describe(help);

type MaxLength = 'queryMaxLength' | 'passageMaxLength';

/** What has no effect is refused. */
function requireEffect(
  {
    chatTemplate,
    answerStart,
    appendEos,
    eosToken,
  }: Record<'chatTemplate' | 'appendEos', boolean> & {
    answerStart: string;
    eosToken?: string | undefined;
  },
  context: z.core.$RefinementCtx,
): void {
  const refuse = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
  if (answerStart !== '' && !chatTemplate) refuse('answerStart', 'has no effect without contract.chatTemplate=true');
  if (eosToken !== undefined && !appendEos) refuse('eosToken', 'has no effect with contract.appendEos=false');
}

/** Where the tokenizer puts a BOS first and EOS is appended, a shorter text would be made of these alone. */
function leaveRoomForText(
  contract: Record<MaxLength, number> & { appendEos: boolean },
  context: z.core.$RefinementCtx,
): void {
  const least = contract.appendEos ? 3 : 2;
  for (const name of ['queryMaxLength', 'passageMaxLength'] as const)
    if (contract[name] < least) {
      const added = contract.appendEos ? 'BOS and EOS' : 'BOS';
      const message = `must be ${least} or more, to leave room for a token beyond ${added}`;
      context.addIssue({ code: 'custom', path: [name], message });
    }
}

/** What is scored while training, and what is made of it. None has a default: settings made before they existed stay as they were. */
interface Scoring {
  training: { keepBest?: boolean | undefined; patience?: number | undefined };
  evaluation: {
    everySteps?: number | undefined;
    duringTasks?: string[] | undefined;
    sampleQueries?: number | undefined;
    sampleDocuments?: number | undefined;
  };
}

/** What asks for scores while training without saying when or on what, or makes something of scores that there are not. */
function requireScoring({ training, evaluation }: Scoring, context: z.core.$RefinementCtx): void {
  const refuse = (path: string, message: string) =>
    context.addIssue({ code: 'custom', path: path.split('.'), message: `has no effect without ${message}` });
  const { everySteps, duringTasks = [], sampleQueries, sampleDocuments } = evaluation;
  const isScored = everySteps !== undefined;
  const tasks = 'evaluation.duringTasks, the tasks to score while training';
  if (isScored && duringTasks.length === 0) refuse('evaluation.everySteps', tasks);
  if (!isScored && duringTasks.length > 0)
    refuse('evaluation.duringTasks', 'evaluation.everySteps, the updates between two scorings');
  for (const [name, size] of Object.entries({ sampleQueries, sampleDocuments }))
    if (size !== undefined && duringTasks.length === 0) refuse(`evaluation.${name}`, tasks);
  if (training.keepBest && !isScored)
    refuse('training.keepBest', 'evaluation.everySteps and evaluation.duringTasks, by which the best is found');
  if (training.patience !== undefined && !training.keepBest)
    refuse('training.patience', 'training.keepBest=true, which waits for a better one');
}

/** What kept embeddings of all models may take unless said otherwise: three large corpora of a model of 7 billion weights. */
export const defaultCacheGigabytes = 200;

/** Every setting of a run, stated once: its kind, its default, what it does. `loadConfig` fills and checks it. */
const settings = z.strictObject({
  seed: z.number().int().min(0).default(42).describe('start of every random draw of the run'),
  contract: z
    .strictObject({
      queryPrefix: z.string().default('Query:').describe('put before every query, byte for byte'),
      passagePrefix: z.string().default('Passage:').describe('put before every passage, byte for byte'),
      querySuffix: z.string().default('').describe('put after every query, byte for byte, and never cut'),
      passageSuffix: z.string().default('').describe('put after every passage, byte for byte, and never cut'),
      titleRule: z
        .enum(['title-blank-text', 'as-is'])
        .default('title-blank-text')
        .describe('title-blank-text trims title and text and joins them by a blank; as-is joins without trimming'),
      chatTemplate: z
        .boolean()
        .default(false)
        .describe("put prefix, text and suffix into a user's turn of the tokenizer's chat template"),
      answerStart: z.string().default('').describe('beginning of the answer to that turn; the turn is left open'),
      queryMaxLength: count('longest query in tokens, EOS included; without what follows the text').default(32),
      passageMaxLength: count('longest passage in tokens, EOS included; without what follows the text').default(156),
      appendEos: z.boolean().default(true).describe("append the tokenizer's end-of-sequence id after truncation"),
      eosToken: z.string().min(1).optional().describe('text of the token appended instead'),
      precision: z
        .enum(precisions)
        .default('bfloat16')
        .describe('arithmetic of the frozen weights; float32 is exact, the others need half the memory'),
    })
    .superRefine(leaveRoomForText)
    .superRefine(requireEffect)
    .prefault({}),
  image: z
    .strictObject({
      minPixels: count('pixels that a smaller image is enlarged to').default(3136),
      maxPixels: count('pixels that a larger image is shrunk to; a token is 28 x 28 of them').default(602112),
      order: z.enum(imageOrders).default('text-first').describe('where the images of a document stand'),
      positions: z
        .enum(imagePositions)
        .default('mrope')
        .describe('mrope counts rows and columns of an image; flat its tokens, as some models were trained'),
      alpha: z
        .enum(imageAlphas)
        .default('drop')
        .describe('transparent pixels: drop shows the colour beneath them, white lays them over white'),
    })
    .refine(({ minPixels, maxPixels }) => minPixels <= maxPixels, {
      path: ['maxPixels'],
      message: 'must be at least image.minPixels',
    })
    .prefault({}),
  lora: z
    .strictObject({
      rank: count('inner size of each adapter').default(32),
      alpha: above0('adapter outputs are multiplied by alpha / rank').default(64),
      dropout: share('share of adapter inputs set to zero while training').default(0.1),
      targets: z
        .array(z.enum(projections))
        .min(1)
        .refine((targets) => new Set(targets).size === targets.length, 'each projection must be named once')
        .default([...projections])
        .describe('projections that get an adapter'),
      // No default: settings made before it existed stay as they were.
      tower: z
        .boolean()
        .optional()
        .describe(
          'adapters on the vision tower too, on every linear layer of its blocks; without it the tower stays as it is',
        ),
    })
    .prefault({}),
  loss: z
    .strictObject({
      // Far above, all similarities are as one, and nothing can be learned.
      temperature: above0('divides cosine similarities; lower is sharper').max(100).default(0.01),
      maskRelevant: z
        .boolean()
        .default(true)
        .describe("leave passages known to be relevant to a query out of that query's negatives"),
      falseNegativeMargin: z
        .number()
        .min(-2)
        .max(2)
        .optional()
        .describe(
          'leave out negatives whose cosine to the query exceeds that of its positive plus this; may be negative',
        ),
    })
    .prefault({}),
  optimizer: z
    .strictObject({
      // Far below, float32 cannot tell what an update changed.
      learningRate: z.number().min(1e-9).describe('rate at its peak').default(1e-4),
      beta1: share('decay of the gradient average').default(0.9),
      beta2: share('decay of the squared-gradient average').default(0.999),
      epsilon: above0('added to the root of the squared-gradient average').default(1e-8),
      weightDecay: z.number().min(0).default(0).describe('decoupled decay a step, times the rate'),
      maxGradNorm: above0('gradients are scaled down to this global norm').default(1),
    })
    .prefault({}),
  schedule: z
    .strictObject({
      kind: z
        .enum(['log-warmup', 'linear', 'cosine'])
        .default('log-warmup')
        .describe('log-warmup is the schedule of the study: logarithmic warm-up, then linear to zero'),
      warmupSteps: z.number().int().min(0).default(100).describe('updates until the rate peaks'),
    })
    .prefault({}),
  training: z
    .strictObject({
      datasets: z
        .array(z.string())
        .default([])
        .describe(
          'trained on where --data names no files: names or files as in configs/datasets/, `demonstration` or `demonstration-pages`; NAME:0.2 takes a share, as of files',
        ),
      epochs: above0('passes over the training queries; ineffective when steps is set').default(1),
      steps: count('updates in all, instead of epochs').optional(),
      queriesPerPool: count('queries that share one pool of passages').default(32),
      passagesPerQuery: count(
        'one positive and the rest hard negatives; 1 leaves the passages of the other queries of a pool as negatives',
      ).default(16),
      poolsPerUpdate: count(
        'gradient accumulation: pools summed in one update. More queries an update, not more negatives a query',
      ).default(4),
      gradientShare: z
        .number()
        .positive()
        .max(1)
        .default(1)
        .describe(
          'texts with little gradient are sampled for backpropagation, without bias, as long as the exact gradient keeps this share of ' +
            'the expected squared length of what embeddings get; 1 backpropagates every text',
        ),
      chunkTokens: count('tokens')
        .or(z.literal('auto'))
        .default('auto')
        .describe('tokens that are in the model at one time; auto lets the memory planner choose'),
      memoryMegabytes: above0('megabytes')
        .or(z.literal('auto'))
        .default('auto')
        .describe(
          'memory that training may take in all, on a card of its own; auto is four fifths of what is free when it starts',
        ),
      homogeneousPools: z
        .boolean()
        .default(false)
        .describe('take all queries of a pool from one training file, so that negatives are of its kind'),
      shuffleWindow: count('training rows shuffled among one another at a time').default(16384),
      tokenizerThreads: count('worker threads that tokenize ahead').default(1),
      saveEverySteps: count('updates between two saved states').default(200),
      keepStates: count('saved states kept; older ones are removed').default(2),
      keepBest: z
        .boolean()
        .optional()
        .describe(
          'keep the state that scores best while training, by the first metric of the first of evaluation.duringTasks, ' +
            'and export that one instead of the last',
        ),
      patience: count('scorings in a row without a better one, after which training stops').optional(),
    })
    .refine(({ queriesPerPool, passagesPerQuery }) => queriesPerPool > 1 || passagesPerQuery > 1, {
      path: ['passagesPerQuery'],
      message: 'must be at least 2 where training.queriesPerPool is 1: there would be no negative',
    })
    .prefault({}),
  evaluation: z
    .strictObject({
      tasks: z.array(z.string()).default([]).describe('tasks scored after training; names in configs/tasks/'),
      tasksDir: z.string().optional().describe('folder of tasks in BEIR layout, whose names `tasks` may then use'),
      everySteps: count('updates between two scorings while training; the last update is scored, too').optional(),
      duringTasks: z.array(z.string()).optional().describe('tasks scored while training, named as in `tasks`'),
      sampleQueries: count('queries of each of duringTasks that are scored while training; all unless set').optional(),
      sampleDocuments: count(
        'documents searched for them: all that are judged for them, and others up to this number; all unless set',
      ).optional(),
      batchTokens: count('tokens, padding included, encoded at one time').default(16384),
      cacheGigabytes: z
        .number()
        .min(0)
        .default(defaultCacheGigabytes)
        .describe('what kept embeddings of all models may take in data/cache/embeddings; 0 keeps none'),
    })
    .prefault({}),
});

/** The settings, and what they ask of each other. */
export const schema = settings.superRefine(requireScoring);

export type RunConfig = z.output<typeof schema>;
