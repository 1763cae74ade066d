import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { UserError } from '../../../../configs/userError.js';
import { metricsText, requireMetricsFile } from '../../../../train/retrain/tell/metricsFile.js';
import { useTemporaryFolder } from '../../../checkpoints/useTemporaryFolder.js';

describe('the metrics file', () => {
  const at = useTemporaryFolder();

  // A plan whose metrics named its training data had them replaced after the first call.
  it('replaces older metrics alone', async () => {
    writeFileSync(at('train.jsonl'), '{"query":"q"}\n');
    await assert.rejects(requireMetricsFile('nightly', at('train.jsonl')), (error: Error) => {
      assert.ok(error instanceof UserError);
      assert.match(
        error.message,
        /^retraining plan nightly: metrics would replace .*train.jsonl, which holds no metrics;/,
      );
      return true;
    });
    assert.equal(readFileSync(at('train.jsonl'), 'utf8'), '{"query":"q"}\n');
    await assert.rejects(requireMetricsFile('nightly', at('.')), /cannot be read: EISDIR/);
    await requireMetricsFile('nightly', at('absent.prom'));
    writeFileSync(
      at('own.prom'),
      metricsText({ plan: 'nightly', startedMs: 0, endedMs: 1000, code: 0, history: [], diskBytes: 1 }),
    );
    await requireMetricsFile('nightly', at('own.prom'));
  });

  it('is a Prometheus text, a family after the other, labels escaped', () => {
    const text = metricsText({
      ...{ plan: 'a"b\\', startedMs: 1_000, endedMs: 2_500, code: 3, diskBytes: 7 },
      history: [
        {
          ...{
            id: '1',
            time: '1970-01-01T00:00:09.000Z',
            outcome: 'promoted',
            run: 'r',
            champion: 'r',
            why: '',
            version: '1',
          },
          data: { identities: [], rows: 12, added: 12 },
          seconds: { wall: 9, work: 8 },
          decision: {
            ...{ outcome: 'promote', why: '', rule: 'better', margin: null },
            results: [
              {
                task: 't',
                metric: 'ndcg@10',
                challenger: 0.5,
                champion: 0.25,
                floor: null,
                difference: null,
                failure: null,
              },
            ],
          },
        },
      ],
    });
    const plan = 'plan="a\\"b\\\\"';
    const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    assert.deepEqual(samples, [
      `tercet_retraining_last_start_timestamp_seconds{${plan}} 1`,
      `tercet_retraining_last_end_timestamp_seconds{${plan}} 2.5`,
      `tercet_retraining_last_exit_code{${plan}} 3`,
      `tercet_retraining_champion_timestamp_seconds{${plan}} 9`,
      `tercet_retraining_last_promoted{${plan}} 1`,
      `tercet_retraining_training_rows{${plan}} 12`,
      `tercet_retraining_work_seconds{${plan}} 8`,
      `tercet_retraining_score{${plan},task="t",metric="ndcg@10",model="challenger"} 0.5`,
      `tercet_retraining_score{${plan},task="t",metric="ndcg@10",model="champion"} 0.25`,
      `tercet_retraining_disk_bytes{${plan}} 7`,
    ]);
    assert.equal(text.match(/^# TYPE tercet_retraining_score gauge$/gm)!.length, 1);
  });
});
