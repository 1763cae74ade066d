import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { UserError } from '../../../../configs/userError.js';
import { filesBelow } from '../../../../data/files/filesBelow.js';
import { isWholeParquet, unpackSource, type Unpacking } from '../../../../data/download/archive/unpackSource.js';
import { useTemporaryFolder } from '../../../checkpoints/useTemporaryFolder.js';
import { makeTar, makeZip } from '../archives.js';

describe('unpackSource', () => {
  const inFolder = useTemporaryFolder();
  const corpus = 'a line of text\n'.repeat(5000);

  async function unpack(
    name: string,
    bytes: Buffer,
    unpacking: Unpacking,
    onBytes: (bytes: number) => void = () => {},
  ) {
    await writeFile(inFolder(name), bytes);
    await mkdir(inFolder('out'), { recursive: true });
    await unpackSource(inFolder(name), inFolder('out'), unpacking, onBytes);
    return filesBelow(inFolder('out'));
  }
  const refusal = async (name: string, bytes: Buffer, unpacking: Unpacking) => {
    const error: unknown = await unpack(name, bytes, unpacking).then(
      () => assert.fail('nothing was refused'),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof UserError, String((error as Error).stack));
    assert.ok(!error.message.includes('\n'));
    return error.message.replaceAll(inFolder(), '.');
  };
  const text = (name: string) => readFile(inFolder(`out/${name}`), 'utf8');

  it('takes what lies in one folder of a zip archive, without that folder', async () => {
    const zip = makeZip([
      { name: 'tiny/', text: '', mode: 0o040755 },
      { name: 'tiny/corpus.jsonl', text: corpus },
      { name: 'tiny/qrels/test.tsv', text: 'q\td\t1\n' },
      { name: '__MACOSX/tiny/corpus.jsonl', text: 'rubbish' },
    ]);
    const seen: number[] = [];
    const files = await unpack('tiny.zip', zip, { inside: 'tiny' }, (bytes) => seen.push(bytes));
    assert.deepEqual(files, ['corpus.jsonl', 'qrels/test.tsv']);
    assert.equal(await text('corpus.jsonl'), corpus);
    assert.ok(seen.at(-1)! > 0 && seen.at(-1)! < zip.length);
  });

  it('takes named files of a .tar.gz under other names, whether or not they begin with ./', async () => {
    const archive = await makeTar([
      { name: './collection.tsv', text: corpus },
      { name: 'qrels.dev.small.tsv', text: '1\t0\t2\t1\n' },
      { name: 'queries.eval.tsv', text: 'not wanted' },
    ]);
    const take = { 'collection.tsv': 'collection.tsv', 'qrels.dev.small.tsv': 'qrels/dev.tsv' };
    assert.deepEqual(await unpack('c.tar.gz', archive, { take }), ['collection.tsv', 'qrels/dev.tsv']);
    assert.equal(await text('collection.tsv'), corpus);
    assert.equal(await text('qrels/dev.tsv'), '1\t0\t2\t1\n');
  });

  it('decompresses a file whose new name has no .gz, and leaves one that has', async () => {
    await unpack('q.tsv.gz', gzipSync('1\ta\n'), { as: 'queries.tsv' });
    assert.equal(await text('queries.tsv'), '1\ta\n');
    await unpack('r.tsv.gz', gzipSync('1\ta\n'), { as: 'r.tsv.gz' });
    assert.deepEqual(await readFile(inFolder('out/r.tsv.gz')), gzipSync('1\ta\n'));
  });

  it('refuses paths out of the folder, in zip and tar', async () => {
    for (const name of ['../evil', '/evil', 'tiny/../../evil', 'C:/evil', 'tiny\\..\\evil']) {
      const message = await refusal('tiny.zip', makeZip([{ name, text: 'x' }]), { inside: 'tiny' });
      assert.match(message, /evil/, name);
    }
    for (const name of ['../evil', '/evil', 'tiny/../../evil'])
      assert.equal(
        await refusal('t.tar.gz', await makeTar([{ name, text: 'x' }]), { inside: 'tiny' }),
        `./t.tar.gz holds a path out of its folder, "${name}"; nothing is unpacked`,
      );
    assert.deepEqual(await filesBelow(inFolder('out')), []);
  });

  it('refuses links where files are wanted', async () => {
    const zip = makeZip([{ name: 'tiny/corpus.jsonl', text: '/etc/passwd', mode: 0o120777 }]);
    assert.equal(
      await refusal('tiny.zip', zip, { inside: 'tiny' }),
      './tiny.zip holds a link or special file, tiny/corpus.jsonl; nothing is unpacked',
    );
    const archive = await makeTar([{ name: 'collection.tsv', linkTo: '/etc/passwd' }]);
    assert.equal(
      await refusal('t.tar.gz', archive, { take: { 'collection.tsv': 'collection.tsv' } }),
      './t.tar.gz holds a link or special file, collection.tsv; nothing is unpacked',
    );
  });

  it('says in one line that an archive is damaged, cut short, or lacks what is wanted', async () => {
    const zip = makeZip([{ name: 'tiny/corpus.jsonl', text: corpus }]);
    const damaged = /^\.\/[\w.]+ is damaged or cut short \(.+\); remove it and run again$/;
    assert.match(await refusal('tiny.zip', zip.subarray(0, -40), { inside: 'tiny' }), damaged);
    const wrong = makeZip([{ name: 'tiny/corpus.jsonl', text: corpus, crc: 7 }]);
    assert.match(await refusal('a.zip', wrong, { inside: 'tiny' }), /the checksum of tiny\/corpus\.jsonl is wrong/);
    const archive = await makeTar([{ name: 'collection.tsv', text: corpus }]);
    const take = { 'collection.tsv': 'all.tsv' };
    assert.match(await refusal('c.tar.gz', archive.subarray(0, -60), { take }), damaged);
    assert.match(await refusal('d.tar.gz', Buffer.from('<html>not found</html>'), { take }), damaged);
    assert.match(await refusal('e.zip', Buffer.from('<html>not found</html>'), { inside: 'tiny' }), damaged);
    assert.match(await refusal('q.gz', gzipSync(corpus).subarray(0, -9), { as: 'q' }), damaged);
    assert.equal(
      await refusal('f.tar.gz', archive, { take: { 'queries.tsv': 'q2' } }),
      './f.tar.gz lacks queries.tsv; it is not the archive that was published',
    );
    assert.equal(
      await refusal('g.zip', zip, { inside: 'other' }),
      './g.zip lacks other/; it is not the archive that was published',
    );
  });

  it('tells a whole Parquet file from one that was cut', async () => {
    const whole = await readFile('test/fixtures/coirTask/data/corpus-00000-of-00001.parquet');
    await writeFile(inFolder('a.parquet'), whole);
    await writeFile(inFolder('b.parquet'), whole.subarray(0, -1));
    await writeFile(inFolder('c.parquet'), '');
    assert.deepEqual(await Promise.all(['a', 'b', 'c'].map((name) => isWholeParquet(inFolder(`${name}.parquet`)))), [
      true,
      false,
      false,
    ]);
  });
});
