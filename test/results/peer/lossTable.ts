/** An update of either side. */
interface Update {
  loss: number;
  seconds: number;
}

/**
 * Losses of both sides at some updates, how far they lie apart at most, and the seconds of all updates together.
 * @param ours    lines of a run's log
 * @param theirs  lines of what train.py writes, one for each update
 */
export function lossTable(ours: readonly string[], theirs: readonly string[]): string {
  const steps = ours
    .map((line) => JSON.parse(line) as { event: string; loss: number; tokens: number; tokensPerSecond: number })
    .filter(({ event }) => event === 'step')
    .map(({ loss, tokens, tokensPerSecond }): Update => ({ loss, seconds: tokens / tokensPerSecond }));
  const others = theirs.map((line) => JSON.parse(line) as Update);
  if (steps.length !== others.length) throw new Error(`${steps.length} updates of ours, ${others.length} of theirs`);
  const apart = steps.map(({ loss }, update) => Math.abs(loss - others[update]!.loss));
  const shown = [1, 2, 5, 10, 20, 40, 80, 160, 320].filter((update) => update <= steps.length);
  const rows = shown.map((update) => {
    const [own, other] = [steps[update - 1]!.loss, others[update - 1]!.loss];
    return `| ${update} | ${own.toFixed(5)} | ${other.toFixed(5)} | ${Math.max(...apart.slice(0, update)).toExponential(1)} |`;
  });
  const secondsOf = (side: readonly Update[]) => side.reduce((sum, { seconds }) => sum + seconds, 0).toFixed(1);
  return [
    '| update | loss, tercet | loss, sentence-transformers | apart at most by then |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
    `seconds of all updates: tercet ${secondsOf(steps)}, sentence-transformers ${secondsOf(others)}`,
    '',
  ].join('\n');
}
