import { UserError } from '../../configs/userError.js';

/** Bytes of one number of each kind. */
export const dtypeBytes = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  F8_E4M3: 1,
  F8_E5M2: 1,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
} as const;

export type TensorDtype = keyof typeof dtypeBytes;

/** Where one tensor lies. */
export interface TensorEntry {
  dtype: TensorDtype;
  shape: number[];
  file: string;
  /** First byte in the file, and the byte after the last. */
  begin: number;
  end: number;
}

type Layout = Pick<TensorEntry, 'dtype' | 'shape'>;

/** Bytes of a tensor's data by its kind and shape. */
export const bytesOf = ({ dtype, shape }: Layout) =>
  shape.reduce((product, side) => product * side, dtypeBytes[dtype] as number);

/** The reference reader refuses longer headers too. */
const longestHeader = 100_000_000;

/**
 * The length of the JSON header, from the first 8 bytes of a file.
 * @param size  of the whole file, in bytes
 * @throws UserError when the file cannot be a complete safetensors file
 */
export function headerLength(file: string, start: Uint8Array, size: number): number {
  if (size < 8) throw cutShort(file, size, 8);
  if (Buffer.from(start).toString('latin1') === 'version ')
    throw new UserError(`${file} is a Git LFS pointer, not the weights; fetch them with git lfs pull`);
  const length = Number(new DataView(start.buffer, start.byteOffset).getBigUint64(0, true));
  if (length > longestHeader) throw new UserError(`${file} is not a safetensors file: its header would be too long`);
  if (8 + length > size) throw cutShort(file, size, 8 + length);
  return length;
}

/**
 * Check a header's JSON against the file's size: every tensor has the bytes that its kind and shape need, and together
 * they fill the file without hole or overlap.
 * @throws UserError naming the first tensor that does not fit
 */
export function decodeHeader(
  file: string,
  json: Uint8Array,
  size: number,
): { tensors: Map<string, TensorEntry>; metadata: Record<string, string> } {
  const dataStart = 8 + json.length;
  const { __metadata__: metadata = {}, ...entries } = parseObject(file, json);
  const tensors = new Map<string, TensorEntry>();
  for (const [name, entry] of Object.entries(entries)) tensors.set(name, checkEntry(file, name, entry, dataStart));
  const dataEnd = checkLayout(file, tensors, dataStart);
  if (size < dataEnd) throw cutShort(file, size, dataEnd);
  if (size > dataEnd)
    throw new UserError(
      `${file} has ${grouped(size - dataEnd)} bytes after its last tensor; put an undamaged copy in its place`,
    );
  return { tensors, metadata: metadata as Record<string, string> };
}

/** The first bytes of a file that holds these tensors one after another: length, then JSON filled up with blanks. */
export function encodeHeader(
  tensors: readonly (Layout & { name: string })[],
  metadata: Record<string, string>,
): Uint8Array {
  let offset = 0;
  const entries: [string, unknown][] = [['__metadata__', metadata]];
  for (const { name, dtype, shape } of tensors) {
    const end = offset + bytesOf({ dtype, shape });
    entries.push([name, { dtype, shape, data_offsets: [offset, end] }]);
    offset = end;
  }
  if (new Set(entries.map(([name]) => name)).size !== entries.length) throw new Error('two tensors share a name');
  const json = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  const length = Math.ceil(json.length / 8) * 8; // the data start on a multiple of 8
  const header = Buffer.alloc(8 + length, ' ');
  header.writeBigUInt64LE(BigInt(length));
  json.copy(header, 8);
  return header;
}

/** What to say of a file that ends too early. */
export const cutShort = (file: string, size: number, needed: number) =>
  new UserError(
    `${file} is cut short: ${grouped(size)} of ${grouped(needed)} bytes; put an undamaged copy in its place`,
  );

function parseObject(file: string, json: Uint8Array): Record<string, unknown> {
  try {
    const header: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(json));
    if (typeof header === 'object' && header !== null && !Array.isArray(header))
      return header as Record<string, unknown>;
  } catch {
    // the message below says all that matters
  }
  throw new UserError(
    `${file} is not a safetensors file: its header is not a JSON object; put an undamaged copy in its place`,
  );
}

function checkEntry(file: string, name: string, entry: unknown, dataStart: number): TensorEntry {
  const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Record<string, unknown>;
  if (!isSizes(shape) || !isSizes(offsets) || offsets.length !== 2 || typeof dtype !== 'string')
    throw new UserError(
      `${file}: its header has no dtype, shape and data_offsets of ${name}; put an undamaged copy in its place`,
    );
  if (!isKnown(dtype))
    throw new UserError(`${file}: ${name} is of kind ${dtype}; known here: ${Object.keys(dtypeBytes).join(', ')}`);
  const [begin, end] = offsets as [number, number];
  const needed = bytesOf({ dtype, shape });
  if (end - begin !== needed)
    throw new UserError(
      `${file}: ${name} has ${grouped(end - begin)} bytes; ${dtype} [${shape.join(', ')}] needs ${grouped(needed)}; put an undamaged copy in its place`,
    );
  return { dtype, shape, file, begin: dataStart + begin, end: dataStart + end };
}

/** @returns the byte after the last tensor */
function checkLayout(file: string, tensors: Map<string, TensorEntry>, dataStart: number): number {
  let end = dataStart;
  for (const [name, entry] of [...tensors].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end)) {
    if (entry.begin !== end) {
      const fault = entry.begin < end ? 'overlaps' : 'leaves a hole after';
      throw new UserError(`${file}: ${name} ${fault} the tensor before it; put an undamaged copy in its place`);
    }
    end = entry.end;
  }
  return end;
}

const isKnown = (dtype: string): dtype is TensorEntry['dtype'] => Object.hasOwn(dtypeBytes, dtype);

const isSizes = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((side) => Number.isSafeInteger(side) && side >= 0);

const grouped = (count: number) => count.toLocaleString('en-US');
