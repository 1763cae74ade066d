import assert from 'node:assert/strict';
import type { Adapter } from '../../../../checkpoints/adapter/adapter.js';
import type { Contract } from '../../../../configs/contract.js';
import { writeContract } from '../../../../checkpoints/contract/contractFile.js';
import { parseConfig } from '../../../../configs/load/loadConfig.js';
import {
  keepAdapterSettings,
  otherBaseContract,
  requireStartContract,
  type StartAdapter,
} from '../../../../train/loop/open/startAdapter.js';
import { contract } from '../../../checkpoints/examples.js';
import { useTemporaryFolder } from '../../../checkpoints/useTemporaryFolder.js';

describe('keepAdapterSettings', () => {
  const adapterOf = (...names: string[]) =>
    ({ rank: 2, alpha: 4, targets: ['q'], matrices: new Map(names.map((name) => [name, {}])) }) as unknown as Adapter;
  const text = 'layers.0.self_attn.q_proj';

  it('takes what an adapter changes, of the vision tower too, in the place of what the settings say', () => {
    const settings = parseConfig({});
    keepAdapterSettings(adapterOf(text, 'visual.blocks.0.attn.qkv'), settings, []);
    assert.deepEqual(settings.lora, { rank: 2, alpha: 4, dropout: 0.1, targets: ['q'], tower: true });
    keepAdapterSettings(adapterOf(text), settings, []);
    assert.deepEqual(settings.lora, { rank: 2, alpha: 4, dropout: 0.1, targets: ['q'] });
    assert.throws(
      () => keepAdapterSettings(adapterOf(text), settings, ['lora.tower']),
      /^UserError: lora\.tower has no effect with --adapter, which keeps the adapter's own; leave one of them out$/,
    );
  });
});

describe('requireStartContract', () => {
  const start = { folder: 'theirs', contract: undefined } as StartAdapter;

  // An adapter of another tool was trained on without a word about prompts and lengths that it may not have been made with.
  it('says of an adapter without a contract what cannot be checked', () => {
    const [line, ...others] = requireStartContract(start, {} as never, []);
    assert.match(line!, /^the adapter theirs has no contract\.json: [^\n]*prefixes, lengths[^\n]* cannot be checked$/);
    assert.deepEqual(others, []);
  });

  it('refuses an adapter that was trained to read images otherwise, or not at all, naming what differs', () => {
    const image = { minPixels: 32, maxPixels: 64, tower: 'frozen' };
    const startOf = (of: object) => ({ folder: 'theirs', contract: of }) as StartAdapter;
    const now = { image: { ...image, maxPixels: 96 } } as Contract;
    assert.throws(
      () => requireStartContract(startOf({ image }), now, []),
      /^UserError: the adapter theirs was made under another contract: image\.maxPixels 64, not 96; use the same settings, or allow it by --allow-contract image$/,
    );
    assert.throws(
      () => requireStartContract(startOf({}), now, []),
      /another contract: image none, not \{"minPixels":32,/,
    );
    assert.deepEqual(requireStartContract(startOf({ image }), { image } as Contract, []), []);
    assert.match(
      requireStartContract(startOf({ image }), now, ['image'])[0]!,
      /image\.maxPixels 64, not 96, as --allow/,
    );
  });

  it('refuses to allow differences where nothing says that there are any', () => {
    assert.throws(
      () => requireStartContract(start, {} as never, ['queryPrefix']),
      /^UserError: --allow-contract queryPrefix has no effect: queryPrefix is not stated by theirs; leave it out$/,
    );
  });
});

describe('otherBaseContract', () => {
  const place = useTemporaryFolder();

  it('names in a line what a base was made under and the run is not, but for arithmetic', async () => {
    assert.deepEqual(await otherBaseContract(place('.'), contract), [], 'of a base that says nothing');
    await writeContract(place('contract.json'), contract);
    assert.deepEqual(await otherBaseContract(place('.'), contract), []);
    assert.deepEqual(await otherBaseContract(place('.'), { ...contract, precision: 'bfloat16' }), []);
    const [line, ...others] = await otherBaseContract(place('.'), { ...contract, passageMaxLength: 77 });
    assert.equal(
      line,
      `the base ${place('.')} was made under another contract than this run trains it under: passageMaxLength ${contract.passageMaxLength}, not 77`,
    );
    assert.deepEqual(others, []);
  });
});
