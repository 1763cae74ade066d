import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const { missingModule } = (await import(new URL('../../setup/modules.mjs', import.meta.url).href)) as {
  missingModule(root: string): string | undefined;
};

describe('missingModule', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'tercet-modules-'));
    mkdirSync(join(root, 'node_modules'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const yaml = { version: '2.9.1', integrity: 'sha512-one' };
  const here = { version: '1.0.0', optional: true, os: [process.platform], cpu: [process.arch] };
  const elsewhere = { version: '1.0.0', optional: true, os: ['aix'], cpu: ['ppc64'] };

  function missing(wanted: Record<string, object>, installed: Record<string, object>): string | undefined {
    const own = { '': { name: 'tercet' } }; // the project itself, which npm lists among the wanted only
    writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages: { ...own, ...wanted } }));
    writeFileSync(join(root, 'node_modules/.package-lock.json'), JSON.stringify({ packages: installed }));
    return missingModule(root);
  }

  it('is satisfied when all that the lock names is installed, by whatever command', () => {
    assert.equal(missing({ 'node_modules/yaml': yaml }, { 'node_modules/yaml': yaml }), undefined);
  });

  it('names a package that is not installed', () => {
    assert.equal(missing({ 'node_modules/yaml': yaml }, {}), 'node_modules/yaml');
  });

  it('names a package that is there in another version or with other contents', () => {
    const wanted = { 'node_modules/yaml': yaml };
    assert.equal(missing(wanted, { 'node_modules/yaml': { ...yaml, version: '2.9.0' } }), 'node_modules/yaml');
    assert.equal(missing(wanted, { 'node_modules/yaml': { ...yaml, integrity: 'sha512-two' } }), 'node_modules/yaml');
  });

  it('asks for the optional package of this system, and not for those of others', () => {
    const wanted = { 'node_modules/@esbuild/here': here, 'node_modules/@esbuild/elsewhere': elsewhere };
    assert.equal(missing(wanted, { 'node_modules/@esbuild/here': here }), undefined);
    assert.equal(missing(wanted, {}), 'node_modules/@esbuild/here');
  });

  it('finds everything missing while npm has not finished, for npm writes its list last', () => {
    writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages: { 'node_modules/yaml': yaml } }));
    mkdirSync(join(root, 'node_modules/yaml'));
    assert.equal(missingModule(root), 'node_modules/yaml');
  });
});
