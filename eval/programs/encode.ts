import type { TextKind } from '../../configs/contract.js';
import { requireApart } from '../../data/files/requireApart.js';
import { encodeFile, helpEncodeFile, type Beside } from '../dense/encodeFile.js';
import { scanTexts } from '../dense/textsToEncode.js';
import { modelFolders } from '../encoder/modelFolders.js';
import { openEncoder, type EncoderOptions } from '../encoder/openEncoder.js';

/** What to encode, by which model, and where to. */
export interface EncodeRequest extends Omit<EncoderOptions, 'images'> {
  /** `base:NAME`, `run:NAME`, `run:NAME@STEP`, or the folder of an adapter or checkpoint. */
  model: string;
  /** JSON lines with `_id` (or `id`), `text`, perhaps `title` and `image`, a file or a list of files. */
  input: string;
  /** Which prefix and length. */
  as: TextKind;
  /** Arrow file to write; what an interrupted call with the same request did is gone on with. */
  output: string;
  /** Other processes that call `helpEncode` with the same request meanwhile. */
  beside?: Beside | undefined;
  onWarning?: (text: string) => void;
  /** Told texts done, of all, and those of an earlier call among them. */
  onProgress?: (done: number, all: number, before: number) => void;
}

/** What was written. */
export interface Encoded {
  output: string;
  rows: number;
  /** Numbers of an embedding. */
  dimensions: number;
}

/**
 * Turn texts and images into embeddings: JSON lines in, an Arrow file with columns id and embedding out.
 * @throws UserError when the model, the texts or the place cannot be used, in one line
 */
export async function encode(request: EncodeRequest): Promise<Encoded> {
  const { input, as, output, beside, onWarning = () => {}, onProgress = () => {} } = request;
  const { texts, encoder, warnings, close } = await open(request);
  warnings.forEach(onWarning);
  if (texts.blank > 0) onWarning(`${input}: ${texts.blank} of ${texts.rows} texts are blank`);
  try {
    const told = (done: number, before: number) => onProgress(done, texts.rows, before);
    await encodeFile(texts, output, as, encoder, told, { beside });
  } finally {
    await close();
  }
  return { output, rows: texts.rows, dimensions: encoder.dimensions };
}

/** The part of a process that another one's `encode` started beside it. */
export async function helpEncode(request: EncodeRequest): Promise<void> {
  const { texts, encoder } = await open(request);
  await helpEncodeFile(texts, request.output, request.as, encoder);
}

async function open({ model, input, output, recipe, base, precision, set = [] }: EncodeRequest) {
  const inputs = [input, ...modelFolders(model, base)];
  await requireApart([{ option: '--output', path: output, kind: 'file' }], inputs);
  const texts = await scanTexts(input, output);
  return { texts, ...(await openEncoder(model, { recipe, base, precision, set, images: texts.hasImages })) };
}
