import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import {
  fromFloat32,
  readSafetensorsIndex,
  readTensorBytes,
  readTensorRows,
  toFloat32,
  writeSafetensors,
} from '../../../checkpoints/tensors/safetensors.js';
import { UserError } from '../../../configs/userError.js';
import { useTemporaryFolder } from '../useTemporaryFolder.js';

/** A file from its header, as text or as the object to write, and its data. */
function safetensorsFile(header: unknown, data: number[]): Buffer {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, Buffer.from(data)]);
}

const bytes = (...values: number[]) => ({
  dtype: 'U8' as const,
  shape: [values.length],
  bytes: Uint8Array.from(values),
});

describe('writeSafetensors', () => {
  const place = useTemporaryFolder();

  it('writes length, header filled up with blanks to a multiple of 8, then the bytes', async () => {
    const file = place('one.safetensors');
    await writeSafetensors(file, [{ name: 'x', ...bytes(9, 8, 7) }]);
    const json = '{"__metadata__":{"format":"pt"},"x":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}}'; // 84 characters
    const expected = Buffer.concat([
      Buffer.from([88, 0, 0, 0, 0, 0, 0, 0]),
      Buffer.from(json + '    '),
      Buffer.from([9, 8, 7]),
    ]);
    assert.deepEqual(await readFile(file), expected);
  });

  it('takes bytes piece by piece', async () => {
    const file = place('pieces.safetensors');
    const pieces = async function* () {
      yield Uint8Array.of(1, 2);
      yield Uint8Array.of(3);
    };
    await writeSafetensors(file, [{ name: 'x', dtype: 'U8', shape: [3], bytes: pieces }]);
    const { tensors } = await readSafetensorsIndex(file);
    assert.deepEqual([...(await readTensorBytes(tensors.get('x')!))], [1, 2, 3]);
  });

  it('leaves the older file and nothing beside it when it fails', async () => {
    const file = place('kept.safetensors');
    await writeSafetensors(file, [{ name: 'old', ...bytes(1) }]);
    const wrong = { name: 'new', dtype: 'F32' as const, shape: [2], bytes: new Uint8Array(7) };
    await assert.rejects(writeSafetensors(file, [wrong]), /new has 7 bytes; F32 \[2\] needs 8/);
    assert.deepEqual([...(await readSafetensorsIndex(file)).tensors.keys()], ['old']);
    assert.deepEqual(await readdir(place()), ['kept.safetensors']);
  });

  it('refuses two tensors of one name', async () => {
    const twice = [
      { name: 'x', ...bytes(1) },
      { name: 'x', ...bytes(2) },
    ];
    await assert.rejects(writeSafetensors(place('twice.safetensors'), twice), /two tensors share a name/);
  });
});

describe('readSafetensorsIndex', () => {
  const place = useTemporaryFolder();

  it('gives kind, shape, place and metadata, whatever the order in the header', async () => {
    const file = place('two.safetensors');
    const header = {
      b: { dtype: 'BF16', shape: [2, 2], data_offsets: [4, 12] },
      a: { dtype: 'F32', shape: [], data_offsets: [0, 4] },
      __metadata__: { made: 'by hand' },
    };
    const content = safetensorsFile(header, new Array<number>(12).fill(0));
    await writeFile(file, content);
    const start = content.length - 12;
    const { tensors, metadata } = await readSafetensorsIndex(file);
    assert.deepEqual(tensors.get('a'), { dtype: 'F32', shape: [], file, begin: start, end: start + 4 });
    assert.deepEqual(tensors.get('b'), { dtype: 'BF16', shape: [2, 2], file, begin: start + 4, end: start + 12 });
    assert.deepEqual(metadata, { made: 'by hand' });
  });

  const one = (offsets: [number, number], shape = [4]) => ({ x: { dtype: 'U8', shape, data_offsets: offsets } });
  const damaged: [what: string, content: Buffer, message: RegExp][] = [
    [
      'a file cut in its data',
      safetensorsFile(one([0, 4]), [1, 2, 3]),
      /is cut short: 64 of 65 bytes; put an undamaged copy in its place$/,
    ],
    ['a file cut in its header', safetensorsFile(one([0, 4]), []).subarray(0, 20), /is cut short: 20 of 61 bytes/],
    ['a file cut in its length', Buffer.from([1, 2, 3]), /is cut short: 3 of 8 bytes/],
    ['an empty file', Buffer.alloc(0), /is cut short: 0 of 8 bytes/],
    [
      'bytes after the last tensor',
      safetensorsFile(one([0, 4]), [1, 2, 3, 4, 5, 6]),
      /has 2 bytes after its last tensor/,
    ],
    [
      'an enormous header',
      Buffer.from('<!DOCTYPE html><html>'),
      /is not a safetensors file: its header would be too long/,
    ],
    ['a Git LFS pointer', Buffer.from('version https://git-lfs.github.com/spec/v1'), /Git LFS pointer.*git lfs pull/],
    ['a header that is not JSON', safetensorsFile('{"x":', []), /its header is not a JSON object/],
    ['a header that is a list', safetensorsFile('[]', []), /its header is not a JSON object/],
    [
      'an entry without shape',
      safetensorsFile({ x: { dtype: 'U8', data_offsets: [0, 0] } }, []),
      /no dtype, shape and data_offsets of x/,
    ],
    ['a negative offset', safetensorsFile(one([-4, 0]), []), /no dtype, shape and data_offsets of x/],
    [
      'an unknown kind',
      safetensorsFile({ x: { dtype: 'F4', shape: [1], data_offsets: [0, 1] } }, [1]),
      /x is of kind F4; known here: F64, F32/,
    ],
    ['a shape that does not fit', safetensorsFile(one([0, 3]), [1, 2, 3]), /x has 3 bytes; U8 \[4\] needs 4/],
    ['a hole', safetensorsFile(one([1, 5]), [1, 2, 3, 4, 5]), /x leaves a hole after the tensor before it/],
    [
      'an overlap',
      safetensorsFile({ ...one([0, 4]), y: { dtype: 'U8', shape: [2], data_offsets: [3, 5] } }, [1, 2, 3, 4, 5]),
      /y overlaps the tensor before it/,
    ],
  ];
  for (const [what, content, message] of damaged)
    it(`refuses ${what}`, async () => {
      await writeFile(place('damaged.safetensors'), content);
      await assert.rejects(readSafetensorsIndex(place('damaged.safetensors')), (error: Error) => {
        assert.ok(error instanceof UserError);
        assert.match(error.message, message);
        assert.match(error.message, /damaged\.safetensors/);
        assert.doesNotMatch(error.message, /\n/);
        return true;
      });
    });

  it('refuses a file that does not exist', async () => {
    await assert.rejects(readSafetensorsIndex(place('absent.safetensors')), /absent\.safetensors does not exist/);
  });
});

describe('readTensorRows', () => {
  const place = useTemporaryFolder();

  it('gives the rows asked for, in that order, twice where asked twice', async () => {
    const table = { name: 'table', dtype: 'F32' as const, shape: [3, 2] };
    const values = Float32Array.of(0, 1, 10, 11, 20, 21);
    await writeSafetensors(place('t'), [
      { name: 'before', ...bytes(5) },
      { ...table, bytes: fromFloat32(values, 'F32') },
    ]);
    const entry = (await readSafetensorsIndex(place('t'))).tensors.get('table')!;
    assert.deepEqual([...toFloat32(readTensorRows(entry, [2, 0, 2]), 'F32')], [20, 21, 0, 1, 20, 21]);
    assert.throws(() => readTensorRows(entry, [3]), /row 3 of a matrix with 3 rows/);
  });
});

describe('toFloat32 and fromFloat32', () => {
  it('turn each floating-point kind into numbers and back', () => {
    const values = Float32Array.of(1.5, -2);
    for (const dtype of ['F32', 'F16', 'BF16'] as const)
      assert.deepEqual([...toFloat32(fromFloat32(values, dtype), dtype)], [1.5, -2]);
    assert.deepEqual([...fromFloat32(values, 'BF16')], [0xc0, 0x3f, 0x00, 0xc0]);
  });

  it('read bytes that do not start at a multiple of their size', () => {
    const shifted = Uint8Array.of(99, 0, 0, 0xc0, 0x3f).subarray(1);
    assert.deepEqual([...toFloat32(shifted, 'F32')], [1.5]);
  });

  it('refuse whole numbers', () => {
    assert.throws(() => toFloat32(new Uint8Array(8), 'I64'), /weights of kind I64 cannot be used; convert them/);
  });
});
