import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

let place;

/**
 * Who holds a lock or writes a file, in one word that a file name can carry: process number and start, machine, boot and
 * process namespace, and a token that no other has. A process number alone says nothing to another container or machine
 * that shares the disk, and is given out again.
 */
export const owner = ownerOf(process.pid, randomBytes(4).toString('hex'));

/** The same of a child of this process, or of any that it can see. */
export function ownerOf(pid, token = '0') {
  const { machine, boot, space } = thisPlace();
  return [pid, startTimeOf(pid) || '0', machine, boot, space, token].join('-');
}

/** The form of an owner, for file names that end in one. */
export const ownerForm = '\\d+-\\d+-[0-9a-f]+-[0-9a-f]+-[0-9a-f]+-[0-9a-f]+';

/**
 * Whether an owner still runs. `unseen`: it is of another container or machine, where nothing can be looked up.
 * @returns `alive`, `gone` or `unseen`
 */
export function lifeOf(text) {
  if (typeof text !== 'string' || !new RegExp(`^${ownerForm}$`).test(text)) return 'unseen';
  if (text === owner) return 'alive';
  const [pid, start, machine, boot, space] = text.split('-');
  const here = thisPlace();
  // What ran before a machine was started again has ended, in whatever container it was.
  if (here.machine !== '0' && machine === here.machine && boot !== here.boot) return 'gone';
  if (boot !== here.boot || space !== here.space) return 'unseen';
  if (!isRunning(Number(pid))) return 'gone';
  const now = startTimeOf(Number(pid)); // empty where another user's processes are hidden: it runs, and may be the same
  return start === '0' || now === '' || now === start ? 'alive' : 'gone';
}

/** Machines of one name, and containers made from one image, must not be taken for one another. */
function thisPlace() {
  if (place) return place;
  const host = hostname();
  const machineId = textOf('/etc/machine-id') || textOf('/var/lib/dbus/machine-id');
  const bootId = textOf('/proc/sys/kernel/random/boot_id');
  place = {
    machine: /^[0-9a-f]{32}$/.test(machineId) ? shortHash(host, machineId) : '0',
    boot: shortHash(bootId || host), // without Linux's /proc the name is all there is
    space: shortHash(linkOf('/proc/self/ns/pid')),
  };
  return place;
}

/** Field 22 of Linux's /proc/<pid>/stat; the second field, a name in brackets, may hold blanks. Empty elsewhere. */
function startTimeOf(pid) {
  const stat = textOf(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

function isRunning(pid) {
  if (!(pid >= 1)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM'; // under another user
  }
}

function textOf(path) {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

function linkOf(path) {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function shortHash(...parts) {
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 8);
}
