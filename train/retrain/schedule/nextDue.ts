import { Cron } from 'croner';
import { UserError } from '../../../configs/userError.js';

/**
 * When a schedule is due next, in the machine's time zone: a time that summer time leaves out comes right after it, one
 * that it repeats comes once.
 * @throws UserError when it is none of cron's
 */
export function nextDue(schedule: string, after: Date): Date {
  let next: Date | null;
  try {
    next = new Cron(schedule, { mode: '5-part' }).nextRun(after);
  } catch (error) {
    throw new UserError(
      `schedule ${JSON.stringify(schedule)} is none of cron's: ${(error as Error).message.replace(/^CronPattern: /, '')}`,
    );
  }
  if (next === null) throw new UserError(`schedule ${JSON.stringify(schedule)} is never due; correct it`);
  return next;
}
