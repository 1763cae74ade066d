import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { endAttempt, readAttempt, writeAttempt, type Attempt } from '../../../train/retrain/attempt.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';

describe('the file of a retraining that is under way', () => {
  const place = useTemporaryFolder();

  it('gives back what was written, says when it is damaged, and is gone at the end', async () => {
    const file = place('attempt.json');
    assert.equal(await readAttempt(file), undefined);
    const attempt = { id: 'a', startedMs: 1, tries: 2 } as Attempt;
    await writeAttempt(file, attempt);
    assert.deepEqual(await readAttempt(file), attempt);
    writeFileSync(file, '{"id": "a');
    await assert.rejects(readAttempt(file), {
      name: 'UserError',
      message: `${file} is damaged; remove it to begin the retraining anew`,
    });
    await endAttempt(file);
    assert.equal(existsSync(file), false);
  });
});
