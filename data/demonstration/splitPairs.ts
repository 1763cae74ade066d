import type { BeirTask } from '../task/beir.js';
import type { Example, Passage } from '../example/example.js';
import { shuffle } from '../random.js';
import { type SourcePair } from './domainSource.js';
import { foldText } from '../example/foldText.js';

/** One domain, ready to train on and to be judged by. */
export interface DomainPairs {
  /** Negatives are empty: they come from the other rows of a batch. */
  train: Example[];
  /** Every relevance is 1. */
  test: BeirTask;
}

/** How many of each, at most. */
export interface SplitSizes {
  trainQueries: number;
  testQueries: number;
  /** Passages to search among: those that answer test queries, and others that no training query has. */
  corpus: number;
}

/**
 * Pairs without repetitions, split so that training never sees a test passage, a test query, or a variant of either.
 * Texts that are equal after folding are one text; a query that several passages answer has them all as positives.
 * @param random  draws which side each group of variants falls on
 */
export function splitPairs(pairs: SourcePair[], sizes: SplitSizes, random: () => number): DomainPairs {
  const clusters = shuffle(clusterQuestions(mergePairs(pairs)), random);
  const tested = takeTestClusters(clusters, sizes.testQueries);
  const asked = tested
    .flatMap((cluster) => cluster.slice(0, MOST_TEST_QUERIES_OF_A_CLUSTER))
    .slice(0, sizes.testQueries);
  const others = clusters.filter((cluster) => !tested.includes(cluster));
  const held = new Set([...tested, ...takeDistractors(others, asked, sizes.corpus - passagesOf(tested.flat()).length)]);
  const training = clusters.filter((cluster) => !held.has(cluster)).flat();
  return {
    train: shuffle(training, random)
      .slice(0, sizes.trainQueries)
      .map(({ id, query, positives }) => ({ id, query, positives: [...positives.values()], negatives: [] })),
    test: {
      corpus: shuffle(passagesOf([...held].flat()), random),
      queries: asked.map(({ id, query }) => ({ id, text: query })),
      qrels: new Map(asked.map(({ id, positives }) => [id, new Map([...positives.values()].map((p) => [p.id, 1]))])),
    },
  };
}

/** One query with all that answers it. */
interface Question {
  id: string;
  query: string;
  /** By folded text. */
  positives: Map<string, Passage>;
  groups: Set<string>;
  relations: Set<string>;
}

/** A query that more passages answer asks for nothing in particular. */
const MOST_POSITIVES = 5;
/** Variants of one thing judge the same ability again. */
const MOST_TEST_QUERIES_OF_A_CLUSTER = 2;
/** Larger clusters (all that is called `value`) would take the place of many small ones. */
const MOST_QUESTIONS_OF_A_TEST_CLUSTER = 12;

function mergePairs(pairs: SourcePair[]): Question[] {
  const questions = new Map<string, Question>();
  const passages = new Map<string, Passage>();
  for (const { id, query, passage, groups, relations } of pairs) {
    const queryKey = foldText(query);
    const passageKey = `${foldText(passage.title)}\n${foldText(passage.text)}`;
    if (passageKey.includes(queryKey)) continue; // it would be found without any understanding
    if (!passages.has(passageKey)) passages.set(passageKey, passage);
    const question = questions.get(queryKey) ?? {
      id,
      query,
      positives: new Map(),
      groups: new Set(),
      relations: new Set(),
    };
    question.positives.set(passageKey, passages.get(passageKey));
    groups.forEach((group) => question.groups.add(group));
    relations.forEach((relation) => question.relations.add(relation));
    questions.set(queryKey, question);
  }
  return [...questions.values()].filter(({ positives }) => positives.size <= MOST_POSITIVES);
}

/** Questions that share a passage or a group, directly or through others, are one cluster. */
function clusterQuestions(questions: Question[]): Question[][] {
  const parent = questions.map((_, index) => index);
  const root = (index: number): number => {
    let top = index;
    while (parent[top] !== top) top = parent[top] as number;
    parent[index] = top;
    return top;
  };
  const firstWith = new Map<string, number>();
  questions.forEach(({ positives, groups }, index) => {
    for (const key of [...positives.keys(), ...[...groups].map((group) => `group ${group}`)]) {
      const first = firstWith.get(key);
      if (first === undefined) firstWith.set(key, index);
      else parent[root(index)] = root(first);
    }
  });
  const clusters = new Map<number, Question[]>();
  questions.forEach((question, index) => {
    const cluster = clusters.get(root(index));
    if (cluster === undefined) clusters.set(root(index), [question]);
    else cluster.push(question);
  });
  return [...clusters.values()];
}

function takeTestClusters(clusters: Question[][], testQueries: number): Question[][] {
  const taken: Question[][] = [];
  let queries = 0;
  for (const cluster of clusters) {
    if (queries >= testQueries) break;
    if (cluster.length > MOST_QUESTIONS_OF_A_TEST_CLUSTER) continue;
    taken.push(cluster);
    queries += Math.min(cluster.length, MOST_TEST_QUERIES_OF_A_CLUSTER);
  }
  return taken;
}

/** Up to half of the distractors are relations of what is asked for (the other senses of a word), the rest come by chance. */
function takeDistractors(clusters: Question[][], asked: Question[], passages: number): Question[][] {
  const relations = new Set(asked.flatMap((question) => [...question.relations]));
  const isRelated = (cluster: Question[]): boolean =>
    cluster.some((question) => [...question.relations].some((relation) => relations.has(relation)));
  const small = clusters.filter((cluster) => cluster.length <= MOST_QUESTIONS_OF_A_TEST_CLUSTER);
  const related = takePassages(small.filter(isRelated), passages / 2);
  const rest = small.filter((cluster) => !related.clusters.includes(cluster));
  return [...related.clusters, ...takePassages(rest, passages - related.count).clusters];
}

function takePassages(clusters: Question[][], passages: number): { clusters: Question[][]; count: number } {
  const taken: Question[][] = [];
  let count = 0;
  for (const cluster of clusters) {
    const size = passagesOf(cluster).length;
    if (count + size > passages) continue;
    taken.push(cluster);
    count += size;
  }
  return { clusters: taken, count };
}

function passagesOf(questions: Question[]): Passage[] {
  return [...new Set(questions.flatMap(({ positives }) => [...positives.values()]))];
}
