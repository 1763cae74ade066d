import { linkSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { lifeOf, owner, ownerOf } from './owner.mjs';
import { makeFolderSync } from '../folder/makeFolder.mjs';
import { watchSilence } from './silence.mjs';

/** Between two signs of life. */
const signMs = 5_000;

/** A lock that this process holds. */
class Lock {
  #path;
  #holder;
  #children = [];
  constructor(path, holder) {
    this.#path = path;
    this.#holder = holder;
  }
  /** Children that outlive this process, killed, still hold the lock: they may be writing. */
  addChild(pid) {
    const child = ownerOf(pid);
    this.#children.push(child);
    this.#rewrite();
    return () => {
      this.#children.splice(this.#children.indexOf(child), 1);
      this.#rewrite();
    };
  }
  /** @returns false when another has taken the lock over, or it was removed by hand */
  isHeld() {
    return readHolder(this.#path)?.id === this.#holder.id;
  }
  /** Whoever holds the lock by now, nobody else's is removed. */
  release() {
    if (this.isHeld()) rmSync(this.#path, { force: true });
  }
  #rewrite() {
    if (!this.isHeld()) return;
    const beside = `${this.#path}.${this.#holder.id}`;
    try {
      writeFileSync(beside, JSON.stringify({ ...this.#holder, children: this.#children }));
      renameSync(beside, this.#path);
    } catch {
      // On a full disk the lock still names its holder; a child that runs is not left alone for that.
      rmSync(beside, { force: true });
    }
  }
}

let taken = 0;

/**
 * Take a lock unless another holds it. That of a process which has ended, killed or crashed, is taken over, not before
 * its children have ended. One of another container or machine stands until its holder or a person removes it.
 * @param given  for `withLock`: whether a holder that cannot be looked up may be passed over
 * @returns the lock, or its holder in words and, where it is known, since when it is held
 */
export function tryLock(path, given = () => false) {
  const id = `${owner}-${(++taken).toString(16)}`;
  const holder = { id, process: owner, host: hostname(), pid: process.pid, since: new Date().toISOString() };
  const beside = `${path}.${holder.id}`;
  writeFileSync(beside, JSON.stringify({ ...holder, children: [] }));
  let last;
  try {
    for (let tries = 0; tries < 3; tries++) {
      if (linkUnlessThere(beside, path)) return { lock: new Lock(path, holder) };
      const chain = holders(path);
      if (chain.length === 0) continue; // released this moment
      last = chain.at(-1);
      if (!isGone(last.holder) && !given(last)) break;
      if (succeed(path, beside, chain)) return { lock: new Lock(path, holder) };
    }
    return { holder: inWords(last?.holder), since: last?.holder?.since };
  } finally {
    rmSync(beside, { force: true });
  }
}

/** Who holds a lock, in words; undefined where nobody does who is alive. */
export function lockHolder(path) {
  const last = holders(path).at(-1);
  return !last || isGone(last.holder) ? undefined : inWords(last.holder);
}

/**
 * Run `work` while no other process on any machine does so under the same lock file, waiting for it.
 * @param waiting  called once with the holder in words, such as `process 12`, when somebody else holds the lock
 * @param work     gets a function to register a child process by its number; it returns one to take it off again
 * @returns what `work` returns
 */
export async function withLock(path, waiting, work) {
  makeFolderSync(dirname(path));
  const isSilent = watchSilence();
  let told = false;
  let answer;
  while (!(answer = tryLock(path, isSilent)).lock) {
    if (!told) waiting(answer.holder);
    told = true;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const { lock } = answer;
  const release = () => lock.release();
  const signs = setInterval(() => giveSign(path, lock), signMs);
  process.on('exit', release);
  try {
    return await work((pid) => lock.addChild(pid));
  } finally {
    clearInterval(signs);
    process.off('exit', release);
    release();
  }
}

/**
 * Who is first to make the file `<lock>.after-<holder>` is the only one that may follow that holder. It then replaces the
 * lock in one step, and removes the file afterwards; whoever makes it anew by then finds another holder in the lock.
 */
function succeed(path, beside, chain) {
  const claim = afterName(path, chain.at(-1));
  if (!linkUnlessThere(beside, claim)) return false;
  const same = holders(path).slice(0, chain.length);
  const isSame = same.length === chain.length && same.every(({ key }, index) => key === chain[index].key);
  if (isSame) renameSync(beside, path);
  for (const each of isSame ? chain : [chain.at(-1)]) rmSync(afterName(path, each), { force: true });
  return isSame;
}

/** The holder of a lock, and those that were about to follow it one after the other, each of them the last's successor. */
function holders(path) {
  const chain = [];
  for (let file = path; chain.length < 100; file = afterName(path, chain.at(-1))) {
    const modifiedMs = modifiedMsOf(file);
    if (modifiedMs === undefined) break;
    const holder = readHolder(file);
    chain.push({ holder, key: holder?.id ?? 'unreadable', modifiedMs });
  }
  return chain;
}

const afterName = (path, { key }) => `${path}.after-${key}`;

function isGone(holder) {
  if (!holder) return false;
  return [holder.process, ...holder.children].every((each) => lifeOf(each) === 'gone');
}

/** After a long pause, as of a sleeping machine, the lock may be another's: to go on would be two at one work. */
function giveSign(path, lock) {
  if (lock.isHeld()) return touch(path);
  const holder = readHolder(path);
  if (!holder) return; // removed by hand; the work in hand is finished all the same
  console.error(`error: ${inWords(holder)} took over ${path} while this process was paused; run again`);
  process.exit(1);
}

function inWords(holder) {
  if (!holder) return 'another process';
  const process = `process ${holder.pid}${holder.host === hostname() ? '' : ` on ${holder.host}`}`;
  return lifeOf(holder.process) === 'gone' ? `what ${process} started before it died` : process;
}

function readHolder(path) {
  try {
    const holder = JSON.parse(readFileSync(path, 'utf8'));
    return typeof holder?.id === 'string' ? { ...holder, children: holder.children ?? [] } : undefined;
  } catch {
    return undefined;
  }
}

/** By a hard link, which carries its content at once. @returns false when the name is taken */
function linkUnlessThere(beside, path) {
  try {
    linkSync(beside, path);
    return true;
  } catch (error) {
    // A request repeated over a network finds the name taken by the first, which came through.
    if (error.code === 'EEXIST') return statSync(beside).nlink > 1;
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(error.code)) throw error;
  }
  try {
    writeFileSync(path, readFileSync(beside), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

function modifiedMsOf(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}

function touch(path) {
  try {
    utimesSync(path, new Date(), new Date());
  } catch {
    // Removed by hand; the work in hand is finished all the same.
  }
}
