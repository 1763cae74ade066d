import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import {
  contractDifferences,
  contractHash,
  readContract,
  requireSameContract,
  writeContract,
} from '../../../checkpoints/contract/contractFile.js';
import type { Contract, ImageContract } from '../../../configs/contract.js';
import { UserError } from '../../../configs/userError.js';
import { contract } from '../examples.js';
import { useTemporaryFolder } from '../useTemporaryFolder.js';

describe('contractHash', () => {
  it('is the SHA-256 of the fields as JSON, sorted by name', () => {
    // printf %s '{"bosId":null,"eosId":7,"normalize":true,"passageMaxLength":156,"passagePrefix":"Passage:","pooling":"last","precision":"float32","queryMaxLength":32,"queryPrefix":"Query:","temperature":0.01,"titleRule":"title-blank-text","tokenizer":"ab12"}' | sha256sum
    assert.equal(contractHash(contract), 'd29ca5fc8f19dcb858b44d897a9294ae93e213e9b789f7d0b29491f85bf7be71');
  });

  it('does not depend on the order of the fields, but on every one of them', () => {
    const reversed = Object.fromEntries(Object.entries(contract).reverse()) as unknown as Contract;
    assert.equal(contractHash(reversed), contractHash(contract));
    const hashes = Object.keys(contract).map((field) => contractHash({ ...contract, [field]: 'other' }));
    assert.equal(new Set([...hashes, contractHash(contract)]).size, 13);
  });

  it('depends on fields that a contract need not have, once it has them', () => {
    const optional = ['querySuffix', 'passageSuffix', 'chatBefore', 'chatAfter', 'answerStart', 'eosToken'];
    const hashes = [...optional, 'float32Products'].map((field) => contractHash({ ...contract, [field]: '' }));
    assert.equal(new Set([...hashes, contractHash(contract)]).size, 8);
  });
});

describe('a contract of images', () => {
  const image = { minPixels: 1, maxPixels: 2, order: 'text-first' } as ImageContract;

  it('has another hash than one of texts alone, and than one with another image setting', () => {
    const hashes = [{}, { image }, { image: { ...image, maxPixels: 3 } }].map((more) =>
      contractHash({ ...contract, ...more }),
    );
    assert.equal(new Set([...hashes, contractHash(contract)]).size, 3);
    assert.equal(hashes[0], contractHash(contract));
  });

  it('is compared by what it says', () => {
    const [one, same, other] = [image, { ...image }, { ...image, order: 'image-first' as const }].map((of) => ({
      ...contract,
      image: of,
    }));
    assert.deepEqual(contractDifferences(one!, same!), []);
    assert.throws(
      () => requireSameContract(other!, one!, 'run a'),
      /another contract: image.order "image-first", not "text-first";/,
    );
    assert.throws(() => requireSameContract(contract, one!, 'run a'), /another contract: image none, not \{/);
  });
});

describe('contract files', () => {
  const place = useTemporaryFolder();
  const change = async (edit: (text: string) => string) =>
    writeFile(place('contract.json'), edit(await readFile(place('contract.json'), 'utf8')));
  beforeEach(() => writeContract(place('contract.json'), contract));

  it('are read as they were written', async () => {
    assert.deepEqual(await readContract(place('contract.json')), contract);
  });

  it('are read with a chat template as it was rendered', async () => {
    const chat = { ...contract, chatBefore: '<|im_start|>user\n', chatAfter: '', answerStart: 'é "' };
    await writeContract(place('contract.json'), chat);
    assert.deepEqual(await readContract(place('contract.json')), chat);
    await change((text) => text.replace('user', 'system'));
    await assert.rejects(readContract(place('contract.json')), /was changed by hand/);
  });

  it('are refused when a field was changed by hand', async () => {
    await change((text) => text.replace('"Query:"', '"Query: "'));
    await assert.rejects(
      readContract(place('contract.json')),
      /was changed by hand: its hash is not that of its fields/,
    );
  });

  it('are refused when a field is missing', async () => {
    await change((text) => text.replace('"eosId"', '"eos"'));
    await assert.rejects(readContract(place('contract.json')), /contract\.json lacks eosId; write it again/);
  });
});

describe('requireSameContract', () => {
  const other: Contract = { ...contract, queryPrefix: 'Query: ', eosId: null };

  it('passes equal contracts', () => requireSameContract({ ...contract }, contract, 'run a'));

  it('lists what differs with both values, blanks visible', () => {
    assert.deepEqual(contractDifferences(other, contract), [
      { field: 'queryPrefix', name: 'queryPrefix', left: 'Query: ', right: 'Query:' },
      { field: 'eosId', name: 'eosId', left: null, right: 7 },
    ]);
    assert.throws(
      () => requireSameContract(other, contract, 'adapter x'),
      new UserError(
        'adapter x was made under another contract: queryPrefix "Query: ", not "Query:"; eosId null, not 7; ' +
          'use the same settings, or make it again under these',
      ),
    );
  });
});
