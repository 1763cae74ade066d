import { mkdirSync, openSync, closeSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';

const heartbeatMs = 5_000;
/** A holder that has not been heard of for this long is gone, whatever its process number says: it may be another's now. */
const silenceMs = 60_000;
/** Children that outlive their killed parent send no sign of life, and are waited for this long. */
const orphanMs = 600_000;

/**
 * Run `work` while no other process on any machine does so under the same lock file. A lock whose holder died, killed
 * or crashed, is taken over; not before the children it started have ended too, since they may still be writing.
 * @param path     the lock file
 * @param waiting  called once with the holder's process number when somebody else holds the lock
 * @param work     gets a function to register a child process by its number; it returns one to take it off again
 * @returns what `work` returns
 */
export async function withLock(path, waiting, work) {
  mkdirSync(dirname(path), { recursive: true });
  let told = false;
  while (!tryLock(path)) {
    const holder = readHolder(path);
    if (holder && !told) {
      told = true;
      waiting(holder.pids[0]);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const pids = [process.pid];
  const write = () => writeFileSync(path, JSON.stringify({ host: hostname(), pids }));
  const release = () => rmSync(path, { force: true });
  const heartbeat = setInterval(() => touch(path), heartbeatMs);
  process.on('exit', release);
  try {
    return await work((pid) => {
      pids.push(pid);
      write();
      return () => {
        pids.splice(pids.indexOf(pid), 1);
        write();
      };
    });
  } finally {
    clearInterval(heartbeat);
    process.off('exit', release);
    release();
  }
}

function tryLock(path) {
  if (createExclusively(path, JSON.stringify({ host: hostname(), pids: [process.pid] }))) return true;
  if (isStale(path)) removeStale(path);
  return false;
}

/** Two that find the same stale lock must not remove each other's new one: only who holds `.breaking` may remove it. */
function removeStale(path) {
  const breaking = `${path}.breaking`;
  if (ageMs(breaking) > silenceMs) rmSync(breaking, { force: true });
  if (!createExclusively(breaking, '')) return;
  try {
    if (isStale(path)) rmSync(path, { force: true });
  } finally {
    rmSync(breaking, { force: true });
  }
}

function isStale(path) {
  const age = ageMs(path);
  const holder = readHolder(path);
  // Not readable: gone meanwhile, or its holder was killed between creating and writing it.
  if (!holder) return age > 1_000;
  if (holder.host !== hostname()) return age > silenceMs;
  const [parent, ...children] = holder.pids;
  if (isAlive(parent)) return age > silenceMs;
  return age > orphanMs || !children.some(isAlive);
}

function readHolder(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

function createExclusively(path, text) {
  let file;
  try {
    file = openSync(path, 'wx');
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
  try {
    writeFileSync(file, text);
  } finally {
    closeSync(file);
  }
  return true;
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** -1 where the file does not exist. */
function ageMs(path) {
  try {
    return Date.now() - statSync(path).mtimeMs;
  } catch {
    return -1;
  }
}

function touch(path) {
  try {
    utimesSync(path, new Date(), new Date());
  } catch {
    // Removed by hand; the work in hand is finished all the same.
  }
}
