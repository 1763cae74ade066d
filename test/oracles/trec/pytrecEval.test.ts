import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Qrels } from '../../../data/task/readQrels.js';
import { seededRandom } from '../../../data/random.js';
import { scoreRun } from '../../../eval/measure/metrics.js';
import type { Ranking, Run } from '../../../eval/measure/ranking.js';

const python = process.env['PYTREC_EVAL_PYTHON'] ?? 'data/cache/venv-pytrec-eval/bin/python';
const script = fileURLToPath(new URL('pytrecEval.py', import.meta.url));

const depths = [1, 3, 5, 10, 20, 100];
/** What trec_eval calls a measure, and what we do. `suffix` for its option -l. */
const names = (suffix: string): [string, string][] => [
  ['map', `map@100000${suffix}`],
  ['recip_rank', `mrr@100000${suffix}`],
  ['ndcg', 'ndcg@100000'],
  ...depths.flatMap((depth): [string, string][] => [
    [`ndcg_cut_${depth}`, `ndcg@${depth}`],
    [`map_cut_${depth}`, `map@${depth}${suffix}`],
    [`recall_${depth}`, `recall@${depth}${suffix}`],
    [`P_${depth}`, `precision@${depth}${suffix}`],
    [`success_${depth}`, `success@${depth}${suffix}`],
  ]),
];

interface Case {
  level: number;
  qrels: Qrels;
  run: Run;
}

/** Few documents, few scores and few grades, so that ties, repeats and queries without relevant documents are common. */
function randomCase(number: number): Case {
  const random = seededRandom('pytrec_eval', number);
  const whole = (below: number) => Math.floor(random() * below);
  const documents = 1 + whole(40);
  const pool = Array.from({ length: documents }, (_, at) => ['d', 'D', 'é', '\u{1f600}'][whole(4)]! + at);
  const scores = [
    () => whole(3),
    () => random() * 100 - 50,
    () => 1 + whole(3) * 2 ** -24, // 32-bit floats do not tell these apart
    () => -(10 ** (random() * 20)),
  ][whole(4)]!;
  const grades = [() => whole(2), () => whole(5) - 1, () => 0, () => -whole(3), () => whole(30)][whole(5)]!;
  const qrels: Qrels = new Map();
  const run = new Map<string, Ranking>();
  for (let query = 0; query < 3; query++) {
    const judged = pool.filter(() => random() < 0.5);
    // trec_eval itself fails on a query all of whose grades are below -1.
    const missed: [string, number] = ['never-retrieved', Math.max(0, grades())];
    qrels.set(`q${query}`, new Map([...judged.map((id): [string, number] => [id, grades()]), missed]));
    if (random() < 0.9)
      run.set(
        `q${query}`,
        pool.filter(() => random() < 0.8).map((id) => ({ id, score: scores() })),
      );
  }
  return { level: 1 + whole(3), qrels, run };
}

describe('metrics beside pytrec_eval', function () {
  this.timeout(300_000);
  before(function () {
    if (spawnSync(python, ['-c', 'import pytrec_eval']).status === 0) return;
    console.log(`    skipped: ${python} has no pytrec_eval; ${script} says how to make it`);
    this.skip();
  });

  it('differ nowhere by more than 1e-9 on 3000 random runs', () => {
    const cases = Array.from({ length: 3000 }, (_, number) => randomCase(number));
    const input = cases.map(({ level, qrels, run }) =>
      JSON.stringify({
        level,
        qrels: Object.fromEntries([...qrels].map(([query, grades]) => [query, Object.fromEntries(grades)])),
        run: Object.fromEntries(
          [...run].map(([query, ranking]) => [query, Object.fromEntries(ranking.map(({ id, score }) => [id, score]))]),
        ),
      }),
    );
    const { status, stdout, stderr } = spawnSync(python, [script], {
      input: input.join('\n'),
      encoding: 'utf8',
      maxBuffer: 1e9,
    });
    assert.equal(status, 0, stderr);
    let compared = 0;
    stdout
      .trim()
      .split('\n')
      .forEach((line, number) => {
        const { level, qrels, run } = cases[number]!;
        const pairs = names(level === 1 ? '' : `-l${level}`);
        const { perQuery } = scoreRun(
          run,
          qrels,
          pairs.map(([, ours]) => ours),
        );
        for (const [query, theirs] of Object.entries(JSON.parse(line) as Record<string, Record<string, number>>))
          for (const [measure, name] of pairs) {
            const own = perQuery.get(query)![name]!;
            const message = `${measure} of ${query} in case ${number}: ${own}, not ${theirs[measure]}`;
            assert.ok(Math.abs(own - theirs[measure]!) <= 1e-9, message);
            compared++;
          }
      });
    assert.ok(compared > 200_000, `${compared}`);
  });
});
