/** Scores of one query by model, in the order of the models; null where one lacks it. */
export interface ScoredQuery {
  id: string;
  scores: (number | null)[];
}

export interface Choice {
  queries: ScoredQuery[];
  /** As many of the largest differences of each pair, in each direction, are all there. */
  perPair: number;
}

/**
 * The queries on which models differ most: for each ordered pair its largest difference, then its second largest and
 * so on, as long as the queries stay within the budget.
 * @param budget     most queries
 * @param mostOfAll  most differences of a pair
 */
export function chooseQueries(all: readonly ScoredQuery[], models: number, budget: number, mostOfAll: number): Choice {
  const orders = pairsOf(models).map(([winner, loser]) =>
    all
      .map((query) => ({ query, gain: (query.scores[winner] ?? NaN) - (query.scores[loser] ?? NaN) }))
      .filter(({ gain }) => gain > 0)
      .sort((one, other) => other.gain - one.gain)
      .slice(0, mostOfAll)
      .map(({ query }) => query),
  );
  const chosen = new Set<ScoredQuery>();
  const deepest = Math.max(0, ...orders.map((order) => order.length));
  for (let depth = 0; depth < deepest; depth++) {
    const next = orders.flatMap((order) => order[depth] ?? []);
    if (new Set([...chosen, ...next]).size > budget) return { queries: [...chosen], perPair: depth };
    for (const query of next) chosen.add(query);
  }
  return { queries: [...chosen], perPair: mostOfAll };
}

function pairsOf(models: number): [number, number][] {
  const places = Array.from({ length: models }, (_, index) => index);
  return places.flatMap((one) =>
    places.filter((other) => other !== one).map((other): [number, number] => [one, other]),
  );
}
