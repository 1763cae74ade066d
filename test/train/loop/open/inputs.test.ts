import assert from 'node:assert/strict';
import { existsSync, readdirSync, readlinkSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExampleFile } from '../../../../data/arrow/openExamples.js';
import { createExampleWriter } from '../../../../data/arrow/writeExamples.js';
import type { TokenCache } from '../../../../data/tokenCache/openTokenCache.js';
import { closedWhereRefused, closeInputs } from '../../../../train/loop/open/inputs.js';
import { openFiles } from '../../../../train/loop/open/openData.js';
import { useTemporaryFolder } from '../../../checkpoints/useTemporaryFolder.js';

const descriptors = '/proc/self/fd';

// They were closed when memory was next collected, of which Node.js warned: it will be an error.
describe('the files of a run that is refused', () => {
  const place = useTemporaryFolder();
  before(function () {
    if (!existsSync(descriptors)) this.skip();
  });
  const write = async (name: string) => {
    const writer = await createExampleWriter(place(name));
    await writer.write({ id: '1', query: 'q', positives: [{ id: 'p', title: '', text: 't' }], negatives: [] });
    await writer.close();
    return place(name);
  };
  const open = () => {
    const folder = realpathSync(place('.'));
    return readdirSync(descriptors).filter((name) => {
      const link = join(descriptors, name);
      return existsSync(link) && readlinkSync(link).startsWith(folder);
    }).length;
  };

  it('are closed, also where a later one cannot be opened', async () => {
    const [one, other] = [await write('one.arrow'), await write('other.arrow')];
    writeFileSync(place('third.arrow'), 'no Arrow file');
    await assert.rejects(openFiles([one, other, place('third.arrow')]), /third\.arrow/);
    assert.equal(open(), 0);
    const files = await closedWhereRefused(async (opened) => (opened.files = await openFiles([one, other])));
    assert.equal(open(), 2);
    for (const file of files) await file.close();
    const refused = closedWhereRefused(async (opened) => {
      opened.files = await openFiles([one, other]);
      assert.equal(open(), 2);
      throw new Error('refused');
    });
    await assert.rejects(refused, /refused/);
    assert.equal(open(), 0);
  });

  // The refusal was hidden by the failure to close one of them, and what came after it stayed open.
  it('are all closed where one fails to, and the reason of the refusal is what is told', async () => {
    const closed: string[] = [];
    const failing = { close: () => Promise.reject(new Error('cannot be closed')) } as ExampleFile;
    const other = { close: async () => void closed.push('other') } as unknown as ExampleFile;
    const cache = { close: async () => void closed.push('cache') } as unknown as TokenCache;
    const refused = closedWhereRefused(async (opened) => {
      Object.assign(opened, { files: [failing, other], caches: [undefined, cache] });
      throw new Error('refused');
    });
    await assert.rejects(refused, /^Error: refused$/);
    assert.deepEqual(closed, ['other', 'cache']);
    await assert.rejects(closeInputs({ files: [failing, other] }), /cannot be closed/);
  });
});
