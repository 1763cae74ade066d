import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { UserError } from '../../../../configs/userError.js';
import { recogniseFormat } from '../../../../data/import/source/recogniseFormat.js';
import { useTemporaryFolder } from '../../../checkpoints/useTemporaryFolder.js';

describe('recogniseFormat', () => {
  const at = useTemporaryFolder();
  const told = async (content: string | Buffer, stated?: string) => {
    writeFileSync(at('file'), content);
    return recogniseFormat(at('file'), stated);
  };
  const refused = async (content: string | Buffer, message: RegExp, stated?: string) =>
    assert.rejects(told(content, stated), (error: Error) => {
      assert.ok(error instanceof UserError, error.stack);
      assert.match(error.message, message);
      return true;
    });

  for (const [format, content, evidence] of [
    ['tevatron', '{"query_id":"1","query":"q","positive_passages":[],"negative_passages":[]}', /^fields query_id/],
    ['tevatron-ids', '{"query_id":"1","query_text":"q","positive_document_ids":[]}', /positive_document_ids/],
    ['hard-negatives', '{"qid":1,"pos":[1],"neg":{}}', /^fields qid, pos$/],
    ['flag-embedding', '{"query":"q","pos":["p"],"neg":["n"]}', /^fields query, pos$/],
    ['triplets', '\ufeff{"anchor":"a","positive":"p","negative":"n"}\r\n', /^fields anchor, positive$/],
    ['triples', 'a\tb\tc\nd\te\tf\n', /^three columns of text in its first 2 lines$/],
    ['triples', 'is 1 prime\tno\t1 2\n\n1\t2\t3\n', /^three columns of text/],
    ['id-triples', '1\t2\t3\r\n4\t5\t6\r\n', /^three columns of whole numbers in its first 2 lines$/],
  ] as const)
    it(`tells ${format} from its content: ${JSON.stringify(content).slice(0, 30)}`, async () => {
      for (const bytes of [content, gzipSync(content)]) {
        const found = await told(bytes);
        assert.deepEqual([found.format, found.container], [format, 'lines']);
        assert.match(found.evidence, evidence);
      }
    });

  it('tells the format of a Parquet file from its columns, and a folder for what it is', async () => {
    const parquet = fileURLToPath(new URL('../../../fixtures/parquet/tevatron.zstd.parquet', import.meta.url));
    const { format, container, evidence } = await recogniseFormat(parquet);
    assert.deepEqual([format, container], ['tevatron', 'parquet']);
    assert.match(evidence, /^columns query_id, positive_passages$/);
    assert.equal((await recogniseFormat(at())).format, 'beir');
  });

  it('names what could be meant, what is known, and what the file looks like', async () => {
    await refused('{"qid":1,"query":"q","pos":["p"],"neg":[]}', /could be hard-negatives or flag-embedding .*--format/);
    await refused('1\t2\t3\n4\t5\t6\n7\t8\tnine\n', /could be triples or id-triples \(2 of 3 lines.*state --format/);
    await refused('{"text":"t"}', /no format that is known \(fields text; a collection.*; known: tevatron, .*, beir;/);
    await refused(
      '1\tone\n2\ttwo\n',
      /have 2 tab-separated columns; files of id TAB text .*--collection and --queries/,
    );
    await refused('[{"query":"q"}]', /it is one JSON array/);
    await refused(Buffer.from('a\tb\tc\n', 'utf16le'), /it is binary, or text in UTF-16/);
    await refused(Buffer.from([0xff, 9, 65, 9, 66, 10]), /first line is not UTF-8/);
    await refused('', /cannot be imported: it is empty/);
    await refused('ARROW1\0\0', /is an Arrow file already/);
    await refused('PAR1 and more', /is damaged or no Parquet file/);
  });

  it('takes a stated format, and suggests one for a name that is unknown', async () => {
    assert.equal((await told('1\t2\t3\n', 'triples')).format, 'triples');
    await refused('', /--format triple is unknown; did you mean triples\?/, 'triple');
    await refused('', /is a file; the format beir is that of a folder/, 'beir');
    await assert.rejects(recogniseFormat(at(), 'triples'), /is a folder; the format triples is that of a file/);
  });

  it('says that a file cannot be read', async function () {
    await assert.rejects(recogniseFormat(at('absent')), /cannot read .*absent: it does not exist/);
    if (process.getuid?.() === 0) return this.skip(); // root reads everything
    writeFileSync(at('closed'), 'x');
    chmodSync(at('closed'), 0);
    await assert.rejects(recogniseFormat(at('closed')), /cannot read .*closed: permission is denied/);
  });
});
