import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
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
    assert.throws(() => names([file]), { message: `${file}: folder: must stay within the folder` });
    await writeFile(file, `${head}folder: out\nsources: [{ url: 'https://a.example/a.zip', inside: a }]\n`);
    assert.deepEqual(names([file]), ['mine']);
  });
});
