import { lifeOf } from './owner.mjs';

/** A holder that cannot be looked up is gone after so long without a sign of life. */
const silenceMs = 600_000;
/** A lock that cannot be read is being written, where the disk has no hard links; its writer has so long. */
const writingMs = 10_000;

/**
 * Watch a lock for a holder that cannot be looked up, being of another container or machine, and gives no sign. The time
 * is that of whoever waits: the clocks of other machines say nothing.
 * @param nowMs  a clock that only goes forward
 * @returns a function to be called again and again, true once the holder has been silent for long
 */
export function watchSilence(nowMs = () => performance.now()) {
  let seen;
  return ({ holder, key, modifiedMs }) => {
    const isSeen = holder && [holder.process, ...holder.children].some((each) => lifeOf(each) === 'alive');
    if (seen?.key !== key || seen.modifiedMs !== modifiedMs || isSeen) seen = { key, modifiedMs, sinceMs: nowMs() };
    return nowMs() - seen.sinceMs > (holder ? silenceMs : writingMs);
  };
}
