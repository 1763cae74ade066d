import { spawnSync } from 'node:child_process';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../../../configs/userError.js';
import { makeFolder } from '../../../data/files/makeFolder.js';
import { writeBeside } from '../../../data/files/writeBeside.js';
import { cronLine, cronMark, serviceUnit, timerUnit, unitName, type Place } from './units.js';

/**
 * Put a plan's service and timer where systemd finds them, those of the machine for root, else the user's own, and start
 * the timer.
 * @returns what was done, a line each; what systemctl could not do is among them as a command to give
 * @throws UserError when the files cannot be written
 */
export async function installTimer(place: Place): Promise<string[]> {
  const isRoot = process.getuid?.() === 0;
  const folder = isRoot ? '/etc/systemd/system' : join(homedir(), '.config/systemd/user');
  const user = isRoot ? [] : ['--user'];
  await makeFolder(folder);
  const name = unitName(place.plan);
  const files = { [`${name}.service`]: serviceUnit(place), [`${name}.timer`]: timerUnit(place) };
  for (const [file, text] of Object.entries(files)) await writeBeside(join(folder, file), text);
  const written = Object.keys(files).map((file) => `wrote ${join(folder, file)}`);
  const steps = [['daemon-reload'], ['enable', '--now', `${name}.timer`]].map((step) => [...user, ...step]);
  for (const [at, step] of steps.entries()) {
    const { status, error, stderr } = spawnSync('systemctl', step, { encoding: 'utf8' });
    if (status === 0) written.push(`systemctl ${step.join(' ')}`);
    else {
      const why = error ? error.message : stderr.trim().split('\n')[0];
      const rest = steps.slice(at).map((words) => `systemctl ${words.join(' ')}`);
      return [...written, `systemd was not told (${why}); where it runs, give: ${rest.join(' && ')}`];
    }
  }
  return isRoot || lingers() ? written : [...written, 'they run while you are logged in; give: loginctl enable-linger'];
}

/** Whether this user's units run while the user is not logged in. */
function lingers(): boolean {
  const { stdout } = spawnSync('loginctl', ['show-user', '--property=Linger', userInfo().username], {
    encoding: 'utf8',
  });
  return stdout?.trim() === 'Linger=yes';
}

/** Put a plan's line into this user's crontab, in the place of an older one. @throws UserError when crontab refuses */
export function installCron(place: Place, log: string): string[] {
  const before = spawnSync('crontab', ['-l'], { encoding: 'utf8' });
  if (before.error)
    throw new UserError(`crontab cannot be run (${before.error.message}); install cron, or use --install systemd`);
  const others =
    before.status === 0
      ? before.stdout.split('\n').filter((line) => line !== '' && !line.endsWith(cronMark(place.plan)))
      : [];
  const line = cronLine(place, log);
  const { status, stderr } = spawnSync('crontab', ['-'], {
    input: `${[...others, line].join('\n')}\n`,
    encoding: 'utf8',
  });
  if (status !== 0) throw new UserError(`crontab refused the line: ${stderr.trim().split('\n')[0]}`);
  return [`added to the crontab: ${line}`];
}
