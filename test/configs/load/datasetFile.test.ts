import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import YAML from 'yaml';
import { listDatasets, resolveDatasets } from '../../../configs/load/datasetFile.js';
import { namesIn } from '../../../configs/load/names.js';
import { useTemporaryFolder } from '../../checkpoints/useTemporaryFolder.js';

describe('the data sets of configs/datasets', () => {
  const inFolder = useTemporaryFolder();
  const names = (wanted: string[]) => resolveDatasets(wanted).map(({ name }) => name);

  it('hold all that the tasks of configs/tasks name, where those look for it', () => {
    const { datasets } = listDatasets();
    const tasks = namesIn('tasks').map(
      (name) => YAML.parse(readFileSync(`configs/tasks/${name}.yaml`, 'utf8')) as Record<string, unknown>,
    );
    const downloaded = tasks.filter(({ download }) => download !== undefined);
    assert.ok(downloaded.length >= 27);
    for (const { download, folder, parts } of downloaded) {
      const found = datasets.find(({ name }) => name === download);
      assert.equal(`data/cache/${found?.folder}`, folder);
      assert.deepEqual(found?.parts, parts);
    }
  });

  it('state a checksum for every file that is not of the hub', () => {
    const without = listDatasets().datasets.flatMap(({ sources }) =>
      sources.filter((source) => 'url' in source && source.md5 === undefined),
    );
    assert.deepEqual(without, []);
  });

  it('have groups that stand for their members, each once', () => {
    assert.equal(names(['beir']).length, 14);
    assert.equal(names(['coir', 'apps']).length, 10);
    assert.deepEqual(names(['scifact', 'scifact']), ['scifact']);
  });

  it('are found by name or by the path of a file, and suggested', async () => {
    assert.throws(() => names(['scifac']), { message: 'unknown data set scifac; did you mean scifact?' });
    assert.throws(() => names(['./none.yaml']), { message: 'data set file ./none.yaml does not exist' });
    const file = inFolder('mine.yaml');
    const head = 'about: x\nlicence: y\npage: https://a.example/\n';
    await writeFile(file, `${head}folder: ../out\nsources: [{ url: 'https://a.example/a.zip', inside: a }]\n`);
    assert.throws(() => names([file]), { message: `${file}:4: folder: must stay within the folder` });
    await writeFile(file, `${head}folder: out\nsources: [{ url: 'https://a.example/a.zip', inside: a }]\n`);
    assert.deepEqual(names([file]), ['mine']);
  });

  // Groups that named one another, and folders in the place of files, ended in stacks.
  it("say in one line what is wrong with a file of one's own", async () => {
    const file = inFolder('group.yaml');
    await writeFile(file, `about: x\ndatasets: ['${file}']\n`);
    assert.throws(() => names([file]), { name: 'UserError', message: /names a group that names it again/ });
    // The name alone was told, of whichever file that named it; and a path in it was looked for where the user stood.
    for (const [stray, message] of [
      ['scifacts', `${file}: datasets: unknown data set scifacts; `],
      ['none.yaml', `${file}: datasets: data set file ${inFolder('none.yaml')} does not exist`],
    ] as const) {
      await writeFile(file, `about: x\ndatasets: [scifact, ${stray}]\n`);
      assert.throws(
        () => names([file]),
        (error: Error) => error.name === 'UserError' && error.message.startsWith(message),
      );
    }
    await writeFile(file, 'a: [');
    assert.throws(() => names([file]), { name: 'UserError', message: /group\.yaml is not YAML: / });
    await mkdir(inFolder('folder.yaml'));
    assert.throws(() => names([inFolder('folder.yaml')]), { name: 'UserError', message: /cannot read .*folder\.yaml/ });
    const head = 'about: x\nlicence: y\npage: https://a.example/\nfolder: out\n';
    await writeFile(file, `${head}sources: [{ url: 'https://a.example/', as: a }]\n`);
    assert.throws(() => names([file]), { name: 'UserError', message: /must name a file/ });
    const twice = ['a', 'b'].map((host) => `{ url: 'https://${host}.example/x.tsv', as: ${host} }`);
    await writeFile(file, `${head}sources: [${twice.join(', ')}]\n`);
    assert.throws(() => names([file]), { name: 'UserError', message: /must not name two files of one name/ });
  });
});
