import type { RunRecord } from '../../checkpoints/run/config.js';
import type { SavedState } from '../../checkpoints/run/state.js';
import { UserError } from '../../configs/userError.js';
import { describeEngine, type Engine, type EngineName } from '../../model/engine/startEngine.js';

/**
 * A run goes on with the engine that computed its state: another rounds otherwise, and the losses part soon.
 * @param from     the state it goes on from; without one, the engine counts that the run was begun with
 * @param allowed  the engine that the user lets it go on with all the same
 * @returns a warning where it goes on with another engine that was allowed
 * @throws UserError where another engine runs here that was not allowed
 */
export function requireSameEngine(
  run: string,
  record: RunRecord,
  from: SavedState | undefined,
  engine: Engine,
  allowed: EngineName | undefined,
): string | undefined {
  if (allowed !== undefined && allowed !== engine.name)
    throw new UserError(`--allow-engine ${allowed}, but ${engine.name} runs here (${engine.why}); leave it out`);
  const before = from ? engineOf(from) : record.engine;
  const now = describeEngine(engine);
  if (before === undefined || before === now || isLessOf(before, now)) return undefined;
  const differs = `run ${run} was computed by ${before}`;
  if (allowed === undefined)
    throw new UserError(
      `${differs}, and here ${now} runs (${engine.why}), which gives other numbers; npm run doctor says what is ` +
        `missing, or let it go on with --allow-engine ${engine.name}`,
    );
  return `${differs} and goes on with ${now}, as allowed: its numbers are not those it would have had`;
}

/** Records of older versions tell nothing of the hardware, which stands in brackets. */
const isLessOf = (before: string, now: string) => !before.includes('(') && now.startsWith(`${before} (`);

/** A state that names the engine which computed it. */
export const withEngine = <T extends { data: object }>(state: T, engine: string): T => ({
  ...state,
  data: { ...state.data, engine },
});

/** States of older runs do not name one. */
const engineOf = ({ data }: SavedState): string | undefined => data['engine'] as string | undefined;
