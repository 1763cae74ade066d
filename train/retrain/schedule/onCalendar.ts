import { UserError } from '../../../configs/userError.js';

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

/**
 * The five fields of cron as systemd's OnCalendar. Source: crontab(5); systemd.time(7), "Calendar events".
 * @throws UserError for what only one of the two can say
 */
export function onCalendar(cron: string): string {
  const fields = cron.trim().split(/\s+/);
  if (fields.length !== 5)
    throw new UserError(`schedule must be the five fields of cron, such as "30 2 * * *"; got ${JSON.stringify(cron)}`);
  const [minute, hour, day, month, weekday] = fields as [string, string, string, string, string];
  if (day !== '*' && weekday !== '*')
    throw new UserError(
      `schedule ${JSON.stringify(cron)} names days of the month and of the week, which cron and systemd join differently; name one of them`,
    );
  const date = `*-${listed(month, 1, 2)}-${listed(day, 1, 2)}`;
  const time = `${listed(hour, 0, 2)}:${listed(minute, 0, 2)}:00`;
  return `${weekday === '*' ? '' : `${weekdays(weekday)} `}${date} ${time}`;
}

/** Lists, ranges and steps of numbers. @param first  the least number of the field */
function listed(field: string, first: number, digits: number): string {
  return field
    .split(',')
    .map((part) => {
      const [, range, step] = /^(\*|\d+(?:-\d+)?)(?:\/(\d+))?$/.exec(part) ?? [];
      if (range === undefined)
        throw new UserError(`schedule has a field ${JSON.stringify(field)}, which systemd cannot say; write numbers`);
      const numbers =
        range === '*' ? (step === undefined ? '*' : String(first).padStart(digits, '0')) : span(range, digits);
      return step === undefined ? numbers : `${numbers}/${step}`;
    })
    .join(',');
}

const span = (range: string, digits: number) =>
  range
    .split('-')
    .map((number) => number.padStart(digits, '0'))
    .join('..');

function weekdays(field: string): string {
  return field
    .split(',')
    .map((part) => {
      const names = part
        .split('-')
        .map((name) =>
          /^[0-7]$/.test(name) ? days[Number(name)] : days.find((day) => day.toLowerCase() === name.toLowerCase()),
        );
      if (names.length > 2 || names.includes(undefined))
        throw new UserError(
          `schedule has the day of the week ${JSON.stringify(part)}; write 0 to 7, or names such as Mon-Fri`,
        );
      return names.join('..');
    })
    .join(',');
}
