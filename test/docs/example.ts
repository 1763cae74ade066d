import { compare, encode, evaluate } from 'tercet';

/** Which of two models is better on a task? Then the embeddings of a file of texts by the better one. */
export async function chooseAndEncode(models: [string, string], task: string, texts: string, folder: string) {
  const places = models.map((_, index) => `${folder}/results-${index + 1}`);
  for (const [index, model] of models.entries())
    await evaluate({ model, tasks: [task], output: places[index], onWarning: console.warn });

  const { comparison } = await compare({ runs: places, output: `${folder}/comparison` });
  const [found] = comparison.differences; // the second model less the first, with its interval and corrected p
  if (!found) throw new Error(`nothing was tested: ${comparison.notes.join('; ')}`);

  const better = found.difference > 0 ? models[1] : models[0];
  const { rows, dimensions } = await encode({
    model: better,
    input: texts,
    as: 'passage',
    output: `${folder}/texts.arrow`,
    onProgress: (done, all) => console.warn(`${done} of ${all}`),
  });
  return { better, difference: found.difference, pHolm: found.pHolm, rows, dimensions };
}
