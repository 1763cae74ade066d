import assert from 'node:assert/strict';
import type { HistoryEntry } from '../../../../train/retrain/history.js';
import { historyPage } from '../../../../train/retrain/tell/historyPage.js';
import { statusTable } from '../../../../train/retrain/tell/status.js';

const entry = (
  day: number,
  outcome: HistoryEntry['outcome'],
  score: number,
  champion: number | null,
): HistoryEntry => ({
  ...{
    id: `r${day}`,
    time: `2026-01-0${day}T02:30:00.000Z`,
    outcome,
    run: `r${day}`,
    champion: 'r1',
    why: `why ${day}`,
  },
  version: '1',
  data: { identities: [], rows: 10 * day, added: 10 },
  decision: {
    ...{ outcome: outcome === 'kept' ? 'keep' : 'promote', why: '', rule: 'not-worse', margin: 0.01 },
    results: [
      { task: 'one', metric: 'ndcg@10', challenger: score, champion, floor: null, difference: null, failure: null },
    ],
  },
});
const history = [entry(1, 'promoted', 0.5, null), entry(2, 'kept', 0.4, 0.5)];

describe('the status of a plan', () => {
  it('says what is in use since when, what it scored, what comes next, and the last decisions', () => {
    const table = statusTable({
      plan: 'p',
      champion: { run: 'r1', since: '2026-01-01T02:30:00.000Z', scores: { one: 0.5 } },
      underWay: null,
      atWork: null,
      nextDue: '2026-01-03T02:30:00.000Z',
      notices: { waiting: 1, failure: 'exit code 7' },
      diskBytes: 2_500_000,
      history,
    });
    assert.equal(
      table,
      [
        'champion   r1, since 2026-01-01 02:30 UTC',
        'scores     one 0.5000',
        'under way  nothing',
        'next due   2026-01-03 02:30 UTC',
        'notices    1 waiting: exit code 7',
        'disk       2.5 MB',
        '',
        'time (UTC)        run  outcome   rows  scores      why',
        '2026-01-01 02:30  r1   promoted    10  one 0.5000  why 1',
        '2026-01-02 02:30  r2   kept        20  one 0.4000  why 2',
      ].join('\n'),
    );
  });

  it('is a page, too, with a chart for each task and every decision, the newest first', () => {
    const page = historyPage('p', 'Kept <fresh>', history);
    assert.match(page, /<h1>Retraining p<\/h1>/);
    assert.match(page, /Kept &lt;fresh/);
    assert.match(page, /2 challengers were judged, 1 promoted/);
    assert.match(page, /Scores on one/);
    assert.ok(page.indexOf('why 2') < page.indexOf('why 1'));
    assert.match(page, /<svg/);
  });
});
