import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cardsOfDriver } from '../../../../model/engine/native/cards.js';
import { useTemporaryFolder } from '../../../checkpoints/useTemporaryFolder.js';

describe('cardsOfDriver', () => {
  const inFolder = useTemporaryFolder();

  // A container without the driver's folder in /proc counted as a machine without cards.
  it('counts what the driver lists, or the devices where it lists none', () => {
    const root = inFolder('/');
    assert.equal(cardsOfDriver(root), 0);
    mkdirSync(join(root, 'dev'));
    for (const name of ['nvidia0', 'nvidia1', 'nvidiactl', 'nvidia-uvm', 'null'])
      writeFileSync(join(root, 'dev', name), '');
    assert.equal(cardsOfDriver(root), 2);
    for (const address of ['0000:01:00.0', '0000:02:00.0', '0000:03:00.0'])
      mkdirSync(join(root, 'proc/driver/nvidia/gpus', address), { recursive: true });
    assert.equal(cardsOfDriver(root), 3);
  });
});
