import assert from 'node:assert/strict';
import { readdirSync, truncateSync } from 'node:fs';
import { readSafetensorsIndex, writeSafetensors } from '../../../checkpoints/tensors/safetensors.js';
import type { TensorEntry } from '../../../checkpoints/tensors/safetensorsHeader.js';
import { streamTensors } from '../../../checkpoints/tensors/streamTensors.js';
import { UserError } from '../../../configs/userError.js';
import { useTemporaryFolder } from '../useTemporaryFolder.js';

describe('streamTensors', () => {
  const place = useTemporaryFolder();
  const megabyte = 1024 * 1024;
  const openFiles = () => readdirSync('/proc/self/fd').length;

  /** A file of tensors a, b, c, …, each filled with its own number from 1. */
  async function written(name: string, sizes: number[]): Promise<TensorEntry[]> {
    const tensors = sizes.map((size, index) => ({
      name: String.fromCharCode(97 + index),
      dtype: 'U8' as const,
      shape: [size],
      bytes: new Uint8Array(size).fill(index + 1),
    }));
    await writeSafetensors(place(name), tensors);
    return [...(await readSafetensorsIndex(place(name))).tensors.values()];
  }

  it('gives tensors in the order of their files, whatever the order they are asked for in', async () => {
    const [a, b, c] = (await written('two.safetensors', [3, 5, 4])) as [TensorEntry, TensorEntry, TensorEntry];
    const [d] = (await written('one.safetensors', [2])) as [TensorEntry];
    const taken: number[][] = [];
    await streamTensors([c, d, a], (entry, bytes) => taken.push([entry.file === d.file ? 1 : 2, ...bytes]));
    assert.deepEqual(taken, [
      [1, 1, 1],
      [2, 1, 1, 1],
      [2, 3, 3, 3, 3],
    ]);
    assert.equal(b.end - b.begin, 5);
  });

  it('gives each tensor memory of its own, those of several pieces and of more than is read ahead too', async () => {
    const sizes = [20 * megabyte + 1, 0, 7, 150 * megabyte, 130 * megabyte, 1];
    const held: Uint8Array[] = [];
    await streamTensors(await written('large.safetensors', sizes), (_, bytes) => held.push(bytes));
    assert.deepEqual(
      held.map((bytes) => bytes.length),
      sizes,
    );
    held.forEach((bytes, index) =>
      assert.ok(
        bytes.every((byte) => byte === index + 1),
        `tensor ${index}`,
      ),
    );
    assert.equal(new Set(held.map(({ buffer }) => buffer)).size, sizes.length);
  });

  it('names a file that was cut short after its header was read, and closes every file', async () => {
    const entries = await written('cut.safetensors', [9 * megabyte, 10 * megabyte]);
    const whole = entries[1]!.end;
    truncateSync(place('cut.safetensors'), whole - 1);
    const before = openFiles();
    await assert.rejects(
      streamTensors(entries, () => {}),
      (error) => {
        assert.ok(error instanceof UserError);
        const [cut, needed] = [whole - 1, whole].map((size) => size.toLocaleString('en-US'));
        const said = `is cut short: ${cut} of ${needed} bytes; put an undamaged copy in its place`;
        assert.equal(error.message, `${place('cut.safetensors')} ${said}`);
        return true;
      },
    );
    assert.equal(openFiles(), before);
  });

  it('lets a failure of the taker through once its reads are over, and closes every file', async () => {
    const entries = await written('refused.safetensors', [9 * megabyte, 10 * megabyte, 11 * megabyte]);
    const before = openFiles();
    const refuse = () => {
      throw new Error('not this one');
    };
    await assert.rejects(streamTensors(entries, refuse), /not this one/);
    assert.equal(openFiles(), before);
  });
});
