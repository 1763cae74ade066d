import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createImageWriter } from '../../../../data/arrow/images/imageWriter.js';
import { openExamples } from '../../../../data/arrow/openExamples.js';
import { createExampleWriter } from '../../../../data/arrow/writeExamples.js';
import { gatherData } from '../../../../train/retrain/data/gatherData.js';
import { useTemporaryFolder } from '../../../checkpoints/useTemporaryFolder.js';

const line = (query: string, positive = `answer to ${query}`) =>
  `${JSON.stringify({ query, pos: [positive], neg: ['something else'] })}\n`;

describe('gatherData', () => {
  const at = useTemporaryFolder();
  const checks = { leastRows: 1, mostRejected: 0.5, mostOverlap: 0 };
  const gather = async (data: string[], said: string[] = []) =>
    (await gatherData({ name: 'plan', data, checks }, at('imports'), (line) => said.push(line)))!;
  const queriesOf = async (files: string[]) => {
    const queries: string[] = [];
    for (const path of files) {
      const file = await openExamples(path);
      for (let batch = 0; batch < file.batchRows.length; batch++)
        queries.push(...(await file.read(batch)).map(({ query }) => query));
      await file.close();
    }
    return queries;
  };

  it('imports what is new in a folder, and leaves out the rows that it has already', async () => {
    mkdirSync(at('incoming'));
    writeFileSync(at('incoming/monday.jsonl'), line('a') + line('b') + line('A?', 'another') + line('A?'));
    const said: string[] = [];
    const first = await gather([at('incoming')], said);
    // With another positive `A?` is a row of its own; with that of `a`, levelled, it is the same.
    assert.deepEqual(await queriesOf(first.files), ['a', 'b', 'A?']);
    assert.equal(first.repeated, 1);
    writeFileSync(at('incoming/tuesday.jsonl'), line('b') + line('c') + line(' B ', 'ANSWER  to b.'));
    const again: string[] = [];
    const second = await gather([at('incoming')], again);
    assert.deepEqual(await queriesOf(second.files), ['a', 'b', 'A?', 'c']);
    assert.deepEqual([second.rows, second.repeated], [4, 3]);
    assert.deepEqual(
      again.filter((text) => text.includes('importing')),
      [`data    importing ${at('incoming/tuesday.jsonl')}`],
    );
    assert.equal(second.identities[0], first.identities[0]);
  });

  // A record that was cut, by a disk or by hand, ended the nightly command in a stack.
  it('names the file of a record that is damaged', async () => {
    writeFileSync(at('one.jsonl'), line('a'));
    await gather([at('one.jsonl')]);
    const records = readdirSync(at('imports')).filter((name) => name.endsWith('.json'));
    assert.equal(records.length, 2); // the order of the sources, and what one gave
    for (const name of records) {
      const whole = readFileSync(at(`imports/${name}`));
      writeFileSync(at(`imports/${name}`), whole.subarray(0, 3));
      await assert.rejects(gather([at('one.jsonl')]), {
        name: 'UserError',
        message: `${at(`imports/${name}`)} is damaged; remove it, and what it tells of is imported again`,
      });
      writeFileSync(at(`imports/${name}`), whole);
    }
  });

  it('knows a source by its content: renamed it is the same, there twice it counts once', async () => {
    writeFileSync(at('one.jsonl'), line('a'));
    const first = await gather([at('*.jsonl')]);
    renameSync(at('one.jsonl'), at('two.jsonl'));
    writeFileSync(at('copy.jsonl'), line('a'));
    const said: string[] = [];
    const second = await gather([at('*.jsonl')], said);
    assert.deepEqual(second.identities, first.identities);
    assert.deepEqual(said, []);
  });

  it('gives the rows of a removed source back to the source that repeated them', async () => {
    writeFileSync(at('one.jsonl'), line('a') + line('b'));
    await gather([at('one.jsonl')]);
    writeFileSync(at('two.jsonl'), line('b') + line('c'));
    assert.deepEqual(await queriesOf((await gather([at('*.jsonl')])).files), ['a', 'b', 'c']);
    rmSync(at('one.jsonl'));
    assert.deepEqual(await queriesOf((await gather([at('*.jsonl')])).files), ['b', 'c']);
    assert.equal(readdirSync(at('imports')).filter((name) => name.endsWith('.arrow')).length, 1);
  });

  it('takes Arrow files as they are', async () => {
    const writer = await createExampleWriter(at('own.arrow'));
    const passage = (text: string) => ({ id: text, title: '', text });
    for (const id of ['1', '2'])
      await writer.write({ id, query: 'same', positives: [passage('p')], negatives: [passage('n')] });
    await writer.close();
    const { files, rows, repeated } = await gather([at('own.arrow')]);
    assert.deepEqual([files, rows, repeated], [[at('own.arrow')], 2, 0]);
  });

  it('passes over files that are still being written and lists of rejected rows', async () => {
    mkdirSync(at('incoming'));
    for (const name of ['.hidden.jsonl', 'x.jsonl.part', 'x.jsonl.tmp', 'x.arrow.rejects.jsonl'])
      writeFileSync(at(`incoming/${name}`), line('no'));
    await assert.rejects(
      gather([at('incoming')]),
      /data names .*incoming, which holds no file; put training data there/,
    );
    writeFileSync(at('incoming/x.jsonl'), line('yes'));
    assert.deepEqual(await queriesOf((await gather([at('incoming')])).files), ['yes']);
  });

  // The images beside an Arrow file were taken for training data that lack every column.
  it('takes an Arrow file with images out of a folder or by a pattern, without the file that holds them', async () => {
    mkdirSync(at('incoming'));
    const writer = await createExampleWriter(at('incoming/pages.arrow'), { withImages: true });
    const passage = (text: string) => ({ id: text, title: '', text });
    await writer.write({ id: '1', query: 'q', positives: [passage('p')], negatives: [passage('n')] });
    await writer.close();
    const images = await createImageWriter(at('incoming/pages.images.arrow'), 'copy', 0);
    await images.finish();
    await images.close();
    // A pattern outside the working directory passed over nothing at all.
    for (const entry of ['incoming', 'incoming/*.arrow'])
      assert.deepEqual(
        (await gather([at(entry)])).files.map((path) => resolve(path)),
        [at('incoming/pages.arrow')],
        entry,
      );
  });

  // It was imported whole, its images copied, and only then refused, at every call again; the copies stayed.
  it('refuses a source with images before it imports it', async () => {
    writeFileSync(at('pages.jsonl'), '{"query":"q","pos":["p"],"neg":["n"],"query_image":"absent.png"}\n');
    const said: string[] = [];
    await assert.rejects(gather([at('pages.jsonl')], said), {
      name: 'UserError',
      message: `${at('pages.jsonl')} has images, and retraining gathers texts alone; import it by npm run data, and name the Arrow file`,
    });
    assert.deepEqual([said, readdirSync(at('imports'))], [[], ['sources.json']]);
  });

  // Of a source that changed after its import was stopped, or that was refused, these stayed for good.
  it('removes what was left of the import of a source that is gone', async () => {
    writeFileSync(at('one.jsonl'), line('a'));
    const { files } = await gather([at('one.jsonl')]);
    const gone = (ending: string) => at(`imports/${'0'.repeat(32)}.raw.${ending}`);
    mkdirSync(gone('arrow.import'));
    for (const path of [gone('images.arrow'), `${gone('arrow.import')}/rows.arrow`]) writeFileSync(path, 'left');
    await gather([at('one.jsonl')]);
    const left = readdirSync(at('imports')).map((name) => at(`imports/${name}`));
    assert.deepEqual(
      left.filter((path) => !path.endsWith('.json')),
      files,
    );
  });

  it('ends when more rows are unusable than the plan accepts, and names what is not there', async () => {
    writeFileSync(at('bad.jsonl'), line('a') + '{}\n{}\n');
    await assert.rejects(gather([at('bad.jsonl')]), /rejected|unusable|rows/);
    await assert.rejects(gather([at('absent.jsonl')]), /data names .*absent\.jsonl, which does not exist/);
  });
});
