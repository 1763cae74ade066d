import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { inspectCommand } from '../../../data/command/inspect.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';

describe('inspect --html', () => {
  const at = useTemporaryFolder();

  // The page took the place of the images that it was to show.
  it('does not write over the images of its files', async () => {
    for (const name of ['pages.arrow', 'pages.images.arrow']) writeFileSync(at(name), name);
    const html = at('pages.images.arrow');
    const asked = { files: [at('pages.arrow')], rows: 1, html, json: true };
    await assert.rejects(async () => inspectCommand.handler(asked as Parameters<typeof inspectCommand.handler>[0]), {
      name: 'UserError',
      message: `--html ${html} would replace the input ${html}, which is read; name another place`,
    });
    assert.equal(readFileSync(html, 'utf8'), 'pages.images.arrow');
  });
});
