import { progressBar, type ProgressBar } from '../../configs/cli/progress.js';
import { shortName } from '../during/duringTasks.js';
import type { Screen } from '../workThrough.js';

/** What the work shows while it goes on. */
export function screenOf(updates: number, from: number): Screen {
  let training: ProgressBar | undefined;
  let encoding: { bar: ProgressBar; name: string } | undefined;
  let [made, scored] = [from, ''];
  const show = (update: number, note: string) => {
    training ??= progressBar('training', updates, from);
    training.update((made = update), note + scored);
  };
  return {
    onUpdate({ update, loss, learningRate, tokensPerSecond, backpropagated }) {
      const sampled = backpropagated
        ? `, ${backpropagated.texts} of ${backpropagated.ofTexts} texts backpropagated`
        : '';
      show(
        update,
        `loss ${loss.toFixed(3)}, rate ${learningRate.toExponential(2)}, ${tokensPerSecond} tokens/s${sampled}`,
      );
    },
    onScoring: (name, done, all) => show(made, `scoring ${name}, ${done} of ${all} texts`),
    onScores(update, scores, { best }) {
      const told = scores.map(({ on, metrics }) => {
        const [metric, value] = Object.entries(metrics)[0]!;
        return `${shortName(on)} ${metric} ${value.toFixed(4)}`;
      });
      scored = `, ${told.join(', ')} after ${update}, best after ${best!.update}`;
      if (!process.stderr.isTTY) console.error(`scored  after update ${update}: ${told.join(', ')}`);
    },
    onTrained: () => training?.stop(),
    onProof: ({ largestDifference, smallestCosineToBase }) =>
      console.error(
        `adapter proved: read back within ${largestDifference.toExponential(1)} of training, ` +
          `cosine to the base down to ${smallestCosineToBase.toFixed(3)}`,
      ),
    onEvaluation(model, task, textsDone, all) {
      const name = `${task} ${model}`;
      if (encoding?.name !== name) encoding = { name, bar: progressBar(name.padEnd(20), all) };
      encoding.bar.update(textsDone);
      if (textsDone === all) encoding.bar.stop();
    },
    onWarning: (text) => console.error(`warning: ${text}`),
    onInterrupt: () => console.error('interrupted: saving; once more ends without saving'),
  };
}
