import assert from 'node:assert/strict';
import { adapterHash } from '../../../checkpoints/adapter/adapterHash.js';
import type { Adapter } from '../../../checkpoints/adapter/adapter.js';
import { adapter } from '../examples.js';

describe('adapterHash', () => {
  const name = 'layers.0.self_attn.q_proj';
  const matrix = adapter.matrices.get(name)!;
  const changed = (change: Partial<Adapter>) => adapterHash({ ...adapter, ...change });
  const own = adapterHash(adapter);

  it('sees rank, alpha, names and every number, and neither dropout nor the order of matrices', () => {
    assert.match(own, /^[0-9a-f]{64}$/);
    assert.equal(changed({ dropout: 0, base: 'other' }), own);
    const others = [
      changed({ rank: 2 }),
      changed({ alpha: 3 }),
      changed({ matrices: new Map([[name.replace('0', '1'), matrix]]) }),
      changed({ matrices: new Map([[name, { ...matrix, a: Float32Array.of(1, -2.0000002) }]]) }),
      changed({ matrices: new Map([[name, { ...matrix, b: Float32Array.of(0.5, 1, 1e-45) }]]) }),
    ];
    assert.equal(new Set([own, ...others]).size, 6);
    const second = { ...matrix, inSize: 1, outSize: 1 };
    assert.equal(
      changed({
        matrices: new Map([
          [name, matrix],
          ['other', second],
        ]),
      }),
      changed({
        matrices: new Map([
          ['other', second],
          [name, matrix],
        ]),
      }),
    );
  });
});
