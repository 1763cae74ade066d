/**
 * Long work in short pieces: it hands over wherever it may be held up or given up, between two layers of a chunk or two
 * blocks of a loss, and returns its result at the end.
 */
export type Stepwise<T> = Generator<void, T, void>;

/** Do the work without a break. */
export function atOnce<T>(work: Stepwise<T>): T {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

/**
 * Do the work while everything else gets its turn in between.
 * @param given  asked after each turn; where it returns an error, the work is given up: the error is thrown inside it,
 *   so that it can free what it holds
 * @param turnMs  how long the work goes on before signals, timers and other processes' messages get their turn
 */
export async function inTurns<T>(
  work: Stepwise<T>,
  given: () => Error | undefined = () => undefined,
  turnMs = 100,
): Promise<T> {
  let begunMs = performance.now();
  for (let step = work.next(); ; step = work.next()) {
    if (step.done) return step.value;
    if (performance.now() - begunMs < turnMs) continue;
    await new Promise(setImmediate);
    const error = given();
    if (error) step = work.throw(error);
    begunMs = performance.now();
  }
}
