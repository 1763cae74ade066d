import { createHash } from 'node:crypto';
import { contractHash } from '../../checkpoints/contract/contractFile.js';
import { isAskedToEnd } from '../../configs/cli/endWhenAsked.js';
import type { Contract, TextKind } from '../../configs/contract.js';
import { cutChunks } from '../../data/stream/chunks.js';
import { UserError } from '../../configs/userError.js';
import type { ImageSource } from '../../data/image/imageSource.js';
import type { TokenizerThreads } from '../../data/tokenizer/threads.js';
import { encodeInSteps } from '../../model/pass/encodeChunk.js';
import { encodingTokens } from '../../model/memory/encodingTokens.js';
import { inTurns } from '../../model/pass/stepwise.js';
import type { Model } from '../../model/layer/decoder.js';
import type { Sequence } from '../../model/pass/sequence.js';
import type { ImagePlace } from '../../model/vision/placeImages.js';
import type { BegunImages, ImageReader } from './imageReader.js';
import { modelIdentity } from './modelIdentity.js';

export interface TextToEncode {
  /** Names the text in messages. */
  id?: string;
  title?: string;
  text: string;
  /** That stand with it. */
  images?: readonly ImageSource[];
}

/** Turns texts into unit vectors under one contract. */
export interface Encoder {
  name: string;
  contract: Contract;
  /** Numbers of one embedding. */
  dimensions: number;
  /** SHA-256, hexadecimal, of all that embeddings depend on now: contract, weights, adapter. */
  identity(): string;
  /**
   * @param onProgress  told how many texts are done
   * @param begun       what is there is not made again, and what is made is put there, also where the work is given up
   * @returns [texts, dimensions], row-major, in the order of the texts
   * @throws UserError when an embedding is not finite, naming the text
   */
  encode(
    kind: TextKind,
    texts: readonly TextToEncode[],
    onProgress?: (done: number) => void,
    begun?: PartialEmbeddings,
  ): Promise<Float32Array>;
}

/** Embeddings of some texts, as far as they are made. */
export interface PartialEmbeddings {
  /** [texts, dimensions], row-major. */
  values: Float32Array;
  /** 1 for each text whose embedding is there, else 0. */
  isDone: Uint8Array;
}

/**
 * Encode with a model, with or without an adapter attached. Texts go through it in the order of their lengths over the
 * whole list, and are tokenized ahead, so that little is spent on padding and the engine does not wait for tokens.
 * @param batchTokens  tokens, padding and those of images included, that are in the model at one time; fewer where the
 *   engine has no room
 * @param given        asked again and again; where it returns an error, encoding is given up by throwing it. Unless given,
 *   a signal to end does so where `savingFirst` holds it up
 * @param reader       where texts may have images
 */
export function modelEncoder(
  name: string,
  model: Model,
  threads: TokenizerThreads,
  contract: Contract,
  batchTokens: number,
  {
    given = endAsked,
    reader,
  }: { given?: (() => Error | undefined) | undefined; reader?: ImageReader | undefined } = {},
): Encoder {
  const dimensions = model.config.hidden;
  const refuse = (kind: TextKind, texts: readonly TextToEncode[], row: number) => {
    const text = texts[row]!.id ?? `${row + 1} of ${texts.length}`;
    return new UserError(
      `${name} gives ${kind} ${text} an embedding that is not finite: its weights are damaged, or ${model.precision} is too coarse for them; check the weights, or use float32`,
    );
  };
  return {
    name,
    contract,
    dimensions,
    identity: () =>
      createHash('sha256')
        .update(`${contractHash(contract)} ${modelIdentity(model)}${reader ? ` ${reader.identity}` : ''}`)
        .digest('hex'),
    async encode(kind, texts, onProgress = () => {}, begun) {
      const embeddings = begun?.values ?? new Float32Array(texts.length * dimensions);
      const isDone = begun?.isDone ?? new Uint8Array(texts.length);
      const within = (longest: number) => encodingTokens(model, batchTokens, longest);
      const left = [...texts.keys()].filter((row) => !isDone[row]);
      let done = texts.length - left.length;
      const chunks = chunksAhead(threads, kind, texts, left, within, reader);
      for await (const { chunk, sequences } of reader ? withImages(chunks, texts, reader) : withoutImages(chunks)) {
        const tensor = await inTurns(encodeInSteps(model, sequences), given);
        const values = await tensor.data<'float32'>();
        tensor.dispose();
        chunk.forEach(({ row }, index) => {
          const embedding = values.subarray(index * dimensions, (index + 1) * dimensions);
          if (!embedding.every(Number.isFinite)) throw refuse(kind, texts, row);
          embeddings.set(embedding, row * dimensions);
          isDone[row] = 1;
        });
        onProgress((done += chunk.length));
        await new Promise(setImmediate); // data() of the native engine does not yield, and progress and signals wait
        const error = given();
        if (error) throw error;
      }
      return embeddings;
    },
  };
}

const endAsked = () => (isAskedToEnd() ? new Error('asked to end') : undefined);

/** A text's tokens, and its place among all texts. */
interface TokenizedText {
  row: number;
  ids: Int32Array;
  /** Where images stand among them, where there are any. */
  images?: readonly ImagePlace[];
}

interface ReadChunk {
  chunk: TokenizedText[];
  sequences: Sequence[];
}

async function* withoutImages(chunks: AsyncIterable<TokenizedText[]>): AsyncGenerator<ReadChunk> {
  for await (const chunk of chunks) yield { chunk, sequences: chunk.map(({ ids }) => ids) };
}

/** Images of a chunk are decoded while the chunk before it is in the model: those of two chunks are in memory. */
async function* withImages(
  chunks: AsyncIterable<TokenizedText[]>,
  texts: readonly TextToEncode[],
  reader: ImageReader,
): AsyncGenerator<ReadChunk> {
  const imagesOf = ({ row }: TokenizedText) => texts[row]!.images ?? [];
  const finish = async ({ chunk, begun }: { chunk: TokenizedText[]; begun: BegunImages }): Promise<ReadChunk> => {
    const sequences: Sequence[] = [];
    for (const text of chunk) {
      const { ids, images } = text;
      sequences.push(images ? await begun.sequence({ ids, images }, imagesOf(text)) : ids);
    }
    return { chunk, sequences };
  };
  let waiting: { chunk: TokenizedText[]; begun: BegunImages } | undefined;
  for await (const chunk of chunks) {
    const next = { chunk, begun: reader.begin(chunk.flatMap(imagesOf)) };
    if (waiting) yield await finish(waiting);
    waiting = next;
  }
  if (waiting) yield await finish(waiting);
}

/** Texts that are tokenized together, and how many such parts are under way at one time. */
const partTexts = 1024;
const partsAhead = 4;

/** Chunks of a token budget, which the longest text decides, of some rows, longest texts first. What fills no chunk of a part goes on with the next part. */
async function* chunksAhead(
  threads: TokenizerThreads,
  kind: TextKind,
  texts: readonly TextToEncode[],
  wanted: readonly number[],
  batchTokens: (longest: number) => number,
  reader: ImageReader | undefined,
): AsyncGenerator<TokenizedText[]> {
  const characters = Uint32Array.from(texts, ({ title = '', text }) => title.length + text.length);
  const order = [...wanted].sort((one, two) => characters[two]! - characters[one]! || one - two);
  const parts: number[][] = [];
  for (let from = 0; from < order.length; from += partTexts) parts.push(order.slice(from, from + partTexts));
  const underWay: Promise<Int32Array[]>[] = [];
  const begin = (rows: number[]) => {
    const tokens = threads.tokenize(
      kind,
      rows.map((row) => texts[row]!),
    );
    tokens.catch(() => {}); // it is thrown where it is awaited, if the work gets there
    underWay.push(tokens);
  };
  for (const rows of parts.slice(0, partsAhead)) begin(rows);
  let waiting: TokenizedText[] = [];
  for (const [part, rows] of parts.entries()) {
    const tokens = await underWay.shift()!;
    if (parts[part + partsAhead]) begin(parts[part + partsAhead]!);
    for (const [index, row] of rows.entries()) {
      const { images = [] } = texts[row]!;
      const ids = tokens[index]!;
      if (images.length > 0 && !reader) throw readsNoImages(texts[row]!);
      waiting.push(images.length === 0 ? { row, ids } : { row, ...(await reader!.place(ids, images)) });
    }
    const lengths = waiting.map(({ ids }) => ids.length);
    const longest = lengths.reduce((most, length) => Math.max(most, length), 0);
    const chunks = cutChunks(lengths, batchTokens(longest)).map(({ rows: places }) =>
      places.map((place) => waiting[place]!),
    );
    waiting = part + 1 < parts.length ? chunks.pop()! : [];
    yield* chunks;
  }
}

const readsNoImages = ({ id, images }: TextToEncode) =>
  new UserError(
    `${id ?? 'a text'} has an image, ${images![0]!.name}, and the model is opened for texts alone; score it by npm run eval with a model that reads images, let one of the first 1000 rows of the table have one, or leave images out by images: ignore in the task's YAML file`,
  );
