import { isBlank } from '../../data/example/row/textOf.js';
import { countAbsent, type RetrievalTask } from '../../data/task/readTask.js';
import type { Run } from '../measure/ranking.js';

/** How much a result rests on. */
export interface Counts {
  queries: number;
  documents: number;
  judgements: number;
  queriesWithoutResults: number;
  /** Judgements of documents that the corpus does not hold. */
  judgementsOfAbsentDocuments: number;
  /** Queries none of whose judgements is above 0: they count 0 whatever is found. Results of older versions lack this and the next. */
  queriesWithoutRelevant?: number;
  /** Queries that have the id of a document. */
  queriesNamedAsDocuments?: number;
  /** Documents in all rankings; those of them that the corpus lacks; those whose score another one of the query has. */
  ranked?: number;
  rankedUnknown?: number;
  rankedTied?: number;
  /** Texts that hold nothing but white space. */
  blankQueries?: number;
  blankDocuments?: number;
}

/** Of a task without a corpus no document is said to be missing. */
export function countsOf(data: RetrievalTask, run: Run): Counts {
  const { corpus, queries, qrels } = data;
  const isCorpusThere = corpus.ids.size > 0;
  const counts = { judgements: 0, queriesWithoutResults: 0, queriesWithoutRelevant: 0, queriesNamedAsDocuments: 0 };
  const ranked = { ranked: 0, rankedUnknown: 0, rankedTied: 0 };
  for (const [queryId, grades] of qrels) {
    const ranking = run.get(queryId) ?? [];
    counts.judgements += grades.size;
    if (ranking.length === 0) counts.queriesWithoutResults++;
    if (![...grades.values()].some((grade) => grade > 0)) counts.queriesWithoutRelevant++;
    if (corpus.ids.rowOf(queryId) >= 0) counts.queriesNamedAsDocuments++;
    ranked.ranked += ranking.length;
    if (isCorpusThere) ranked.rankedUnknown += ranking.filter(({ id }) => corpus.ids.rowOf(id) < 0).length;
    ranked.rankedTied += ranking.filter(
      ({ score }, index) => score === ranking[index - 1]?.score || score === ranking[index + 1]?.score,
    ).length;
  }
  return {
    queries: qrels.size,
    documents: corpus.ids.size,
    ...(isCorpusThere && {
      blankQueries: queries.filter(({ text, images }) => isBlank(text) && !images).length,
      blankDocuments: corpus.blank,
    }),
    judgementsOfAbsentDocuments: isCorpusThere ? countAbsent(data) : 0,
    ...counts,
    ...ranked,
  };
}

/** What takes the meaning from a result, or a part of it, a line each. */
export function warningsOf(task: string, counts: Counts): string[] {
  const { queries, judgements, queriesWithoutRelevant = 0 } = counts;
  const { ranked = 0, rankedUnknown = 0, rankedTied = 0, blankQueries = 0, blankDocuments = 0 } = counts;
  const found: [number, string][] = [
    [counts.queriesWithoutResults, `${counts.queriesWithoutResults} of ${queries} queries got no results`],
    [
      counts.judgementsOfAbsentDocuments,
      `${counts.judgementsOfAbsentDocuments} of ${judgements} judgements are of documents that the corpus lacks`,
    ],
    [
      queriesWithoutRelevant,
      queriesWithoutRelevant === queries
        ? 'no judgement is above 0, so that every score is 0 and says nothing'
        : `${queriesWithoutRelevant} of ${queries} queries have no relevant document and count 0 for every model`,
    ],
    [
      rankedUnknown,
      `${rankedUnknown === ranked ? `none of the ${ranked}` : `${rankedUnknown} of ${ranked}`} documents ranked ${
        rankedUnknown === ranked ? 'is in the corpus' : 'are not in the corpus'
      }; is the run of another task, or are its ids spelled otherwise?`,
    ],
    [blankQueries, `${blankQueries} of ${queries} queries are blank`],
    [blankDocuments, `${blankDocuments} of ${counts.documents} documents are blank, title and text`],
    [
      Number(2 * rankedTied > ranked),
      `${rankedTied} of ${ranked} documents ranked share their score with a neighbour; their order is that of their ids, higher first, and the result says little`,
    ],
  ];
  return found.flatMap(([count, text]) => (count > 0 ? [`${task}: ${text}`] : []));
}

/** What a folder's user should know where documents have the ids of queries: nothing says whether they are the same texts. */
export function sharedIdsWarning(task: string, counts: Counts, ignoreIdenticalIds: boolean): string[] {
  const { queries, queriesNamedAsDocuments: shared = 0 } = counts;
  if (shared === 0) return [];
  return [
    `${task}: ${shared} of ${queries} queries have the id of a document, which ${
      ignoreIdenticalIds
        ? 'is left out of their results; if it is another text, --no-ignore-identical-ids keeps it'
        : 'is kept in their results; if it is the query itself, --ignore-identical-ids leaves it out'
    }`,
  ];
}
