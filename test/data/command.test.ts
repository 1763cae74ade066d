import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { useTemporaryFolder } from '../checkpoints/useTemporaryFolder.js';
import { writeTinyTokenizer } from '../fixtures/writeTinyTokenizer.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Runs the real command in a process of its own. */
function data(...args: string[]) {
  const command = ['setup/start/start.mjs', 'data/command.ts', ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { cwd: root, encoding: 'utf8' });
  return { status, stdout, stderr };
}

describe('npm run data', () => {
  const at = useTemporaryFolder();

  it('shows the tokens of a text, as a table or as JSON', () => {
    const { status, stdout, stderr } = data('tokens', '--base', 'demo', '--as', 'passage', 'hello', '12');
    assert.equal(status, 0, stderr);
    const tables = stdout.trim().split('\n\n');
    assert.equal(tables.length, 2);
    assert.deepEqual(tables[1]!.split('\n').slice(-6), [
      '3    25  prefix  ":"',
      '4   220  text    " "',
      '5    16  text    "1"',
      '6    17  text    "2"',
      '7  4093  EOS     "<|endoftext|>"',
      'passage: 8 tokens',
    ]);

    writeTinyTokenizer(at('base'));
    const shown = data('tokens', '--base', at('base'), '--json', 'a');
    assert.match(shown.stderr, /is in no form that has tables here .*: transformers\.js tokenizes/);
    const { texts } = JSON.parse(shown.stdout) as { texts: { tokens: { id: number; from: string }[] }[] };
    assert.deepEqual(
      texts[0]!.tokens.slice(-2).map(({ id, from }) => [id, from]),
      [
        [97, 'text'],
        [258, 'EOS'],
      ],
    );
    const none = data('tokens', '--base', at('base'), '--recipe', 'promptreps', 'a');
    assert.equal(none.status, 2);
    assert.match(none.stderr, /error: the tokenizer in .* has no chat template/);
  });

  it('imports and inspects', () => {
    const passage = { docid: '1', title: '', text: 'text' };
    const row = { query_id: '1', query: 'abc', positive_passages: [passage], negative_passages: [] };
    writeFileSync(at('a.jsonl'), `${JSON.stringify(row)}\n{}\n`);
    const imported = data('import', at('a.jsonl'), '--output', at('a.arrow'));
    assert.deepEqual(imported.stdout.split('\n').slice(0, 3), [
      `${at('a.arrow')}: 1 rows`,
      '  1 of them have no negatives; `npm run data -- mine` finds some',
      `  left out: 1 rows, query_id missing or no id (first: ${at('a.jsonl')}:2)`,
    ]);
    assert.equal(imported.status, 0, imported.stderr);
    assert.ok(imported.stderr.startsWith(`${at('a.jsonl')}: tevatron (fields query_id, positive_passages)\n`));

    writeTinyTokenizer(at('base'));
    const inspected = data('inspect', at('a.arrow'), '--base', at('base'), '--json');
    assert.equal(inspected.status, 0, inspected.stderr);
    const { rows, tokens } = JSON.parse(inspected.stdout) as { rows: number; tokens: { query: object } };
    assert.equal(rows, 1);
    // Under the study's contract: `Query:abc` and EOS are 10 tokens of one byte each, the limit is 32.
    const spread = { count: 1, min: 10, mean: 10, median: 10, p95: 10, p99: 10, max: 10 };
    assert.deepEqual({ ...tokens.query, histogram: null }, { limit: 32, cut: 0, spread, histogram: null });

    const page = data('inspect', at('a.arrow'), '--base', 'demo', '--html', at('page/a.html'));
    assert.equal(page.status, 0, page.stderr);
    assert.match(page.stderr, /page {4}.*a\.html\n$/);
    const text = readFileSync(at('page/a.html'), 'utf8');
    for (const part of ['1 rows of training data', '1, 1 different texts', '<svg', at('a.arrow')])
      assert.ok(text.includes(part), `${part} is not on the page`);
  });

  it('inspects under the limits of the base that is named', () => {
    const passage = { docid: '1', title: '', text: 'text' };
    const row = { query_id: '1', query: 'abc', positive_passages: [passage], negative_passages: [] };
    writeFileSync(at('a.jsonl'), JSON.stringify(row));
    assert.equal(data('import', at('a.jsonl'), '--output', at('a.arrow')).status, 0);
    const { stdout } = data('inspect', at('a.arrow'), '--base', 'demo', '--json');
    const { tokens } = JSON.parse(stdout) as { tokens: { passage: { limit: number } } };
    assert.equal(tokens.passage.limit, 96); // configs/recipes/demo.yaml; the study's is 156
  });

  for (const [args, mistake] of [
    [['inspect', 'x.arrow', '--rows', 'abc'], '--rows must be a number'],
    [['inspect', 'x.arrow', '--rows', '1.5'], '--rows must be a whole number, 0 or more; got 1.5'],
    [
      ['import', 'x.jsonl', '--output', 'y', '--max-rejects', '5%%'],
      '--max-rejects must be a whole number of rows, or a share as 0.1%; got 5%%',
    ],
    [['mine', 'x.arrow', '--output', 'y', '--seed', 'abc'], '--seed must be a number'],
    [['mine', 'x.arrow', '--output', 'y', '--seed', '-1'], '--seed must be a whole number, 0 or more; got -1'],
  ] as const)
    it(`refuses ${args.join(' ')}`, () => {
      const { status, stderr } = data(...args);
      assert.deepEqual([status, stderr], [2, `error: ${mistake}\n`]);
    });

  it('says in one line that the list of rejected rows cannot be written, and leaves nothing', () => {
    writeFileSync(at('a.jsonl'), `{"query_id":1,"positive_passages":[],"x":"${'x'.repeat(600)}"}\n`.repeat(4000));
    const line = `ulimit -f 200; exec ${process.execPath} setup/start/start.mjs data/command.ts import "$1" --output "$2"`;
    const args = ['-c', line, 'bash', at('a.jsonl'), at('out/a.arrow')];
    const { status, stderr } = spawnSync('bash', args, { cwd: root, encoding: 'utf8' });
    assert.match(stderr, /\nerror: cannot write [^\n]*a\.arrow\.rejects\.jsonl: [^\n]*ulimit[^\n]*\n$/);
    assert.equal(status, 2);
    assert.deepEqual(readdirSync(at('out')), []);
  });

  it('goes on with an import that was interrupted', async () => {
    const line = (id: number) => `query ${id}\tpositive ${'x'.repeat(500)}\tnegative ${id}\n`;
    writeFileSync(at('t.tsv'), Array.from({ length: 150_000 }, (_, id) => line(id)).join(''));
    const args = ['setup/start/start.mjs', 'data/command.ts', 'import', at('t.tsv'), '--output', at('t.arrow')];
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] });
    child.stderr.once('data', () => child.kill('SIGHUP')); // it says what the file is before it reads
    const errors = child.stderr.setEncoding('utf8').toArray();
    const [code] = (await once(child, 'close')) as [number];
    assert.match((await errors).join(''), /interrupted; the same command goes on from here\n$/);
    assert.equal(code, 130);
    assert.ok(readdirSync(at()).includes('t.arrow.import') && !readdirSync(at()).includes('t.arrow'));
    const { status, stdout, stderr } = data('import', at('t.tsv'), '--output', at('t.arrow'));
    assert.equal(status, 0, stderr);
    assert.match(stderr, /going on with .*t\.tsv after its line \d+/);
    assert.equal(stdout, `${at('t.arrow')}: 150000 rows\n`);
    assert.deepEqual(readdirSync(at()).sort(), ['t.arrow', 't.tsv']);
  });

  it('says in one line that an output place cannot be written', () => {
    writeFileSync(at('a.jsonl'), '{"query_id":1,"positive_passages":[]}\n');
    const { status, stderr } = data('import', at('a.jsonl'), '--output', at('a.jsonl/x.arrow'));
    const why = 'a file is in the place of a folder on the way; name another place';
    assert.deepEqual([status, stderr], [2, `error: cannot write ${at('a.jsonl/x.arrow')}: ${why}\n`]);
  });

  it('tells a mistake of the user in one line and exits with 2', () => {
    const { status, stdout, stderr } = data('inspect', at('absent.arrow'));
    assert.deepEqual(
      [status, stdout, stderr],
      [2, '', `error: cannot open ${at('absent.arrow')}: it does not exist\n`],
    );
  });
});
