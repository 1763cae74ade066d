import assert from 'node:assert/strict';
import { nextDue } from '../../../../train/retrain/schedule/nextDue.js';
import { onCalendar } from '../../../../train/retrain/schedule/onCalendar.js';

describe('a schedule in cron form', () => {
  // Each was given to `systemd-analyze calendar` (systemd 252), which normalises it to the same times.
  const cases: [cron: string, calendar: string][] = [
    ['30 2 * * *', '*-*-* 02:30:00'],
    ['*/15 * * * *', '*-*-* *:00/15:00'],
    ['0 3 1 * *', '*-*-01 03:00:00'],
    ['0 3 */2 1,7 *', '*-01,07-01/2 03:00:00'],
    ['5 8-18/2 * * 1-5', 'Mon..Fri *-*-* 08..18/2:05:00'],
    ['0 0 * * sun,3', 'Sun,Wed *-*-* 00:00:00'],
  ];
  for (const [cron, calendar] of cases)
    it(`${cron} is ${calendar} for systemd`, () => assert.equal(onCalendar(cron), calendar));

  it('is refused where the two would mean different times, or it is none', () => {
    assert.throws(() => onCalendar('0 0 1 * 1'), /days of the month and of the week/);
    assert.throws(() => onCalendar('0 0 * *'), /five fields of cron/);
    assert.throws(
      () => onCalendar('0 0 * * Mon-Wed-Fri'),
      /^UserError: schedule has the day of the week "Mon-Wed-Fri"; write 0 to 7, or names such as Mon-Fri$/,
    );
    assert.throws(() => nextDue('61 0 * * *', new Date()), /schedule "61 0 \* \* \*" is none of cron's/);
  });

  it('is due after summer time began where that leaves its time out, and once where it comes twice', () => {
    const zone = process.env['TZ'];
    process.env['TZ'] = 'Europe/Berlin';
    try {
      // 2026-03-29: 02:00 becomes 03:00. 2026-10-25: 03:00 becomes 02:00.
      assert.equal(nextDue('30 2 * * *', new Date('2026-03-29T00:00:00Z')).toISOString(), '2026-03-29T01:30:00.000Z');
      const first = nextDue('30 2 * * *', new Date('2026-10-24T23:00:00Z'));
      assert.equal(first.toISOString(), '2026-10-25T00:30:00.000Z');
      assert.equal(nextDue('30 2 * * *', first).toISOString(), '2026-10-26T01:30:00.000Z');
    } finally {
      if (zone === undefined) delete process.env['TZ'];
      else process.env['TZ'] = zone;
    }
  });
});
