import { seededRandom, shuffle } from '../../random.js';
import type { PageFont } from './fonts.js';
import { makePage, type ChartKind, type Page } from './makePage.js';

/** A page, and a query that it answers. */
export interface PagePair {
  id: string;
  query: string;
  page: Page;
}

/** What is trained on and what judges. */
export interface PagePairs {
  train: PagePair[];
  test: PagePair[];
}

/** Fixed, as the sizes are: every machine has the same pages. */
const seed = 20261126;
const wholeSizes = { train: 2304, test: 300 };

/**
 * The demonstration's pages with their queries. A test query is answered by its own page and by no other of the test. What a
 * test page shows is shown by no page of the training, in whatever dress.
 * @param sizes  how many of each
 */
export function pagePairs(fonts: readonly PageFont[], sizes = wholeSizes): PagePairs {
  const shown = new Set<string>();
  const test: (PagePair & { question: Question })[] = [];
  const draw = (side: keyof PagePairs, index: number, isRefused: (page: Page, question: Question) => boolean) => {
    for (let attempt = 0; ; attempt++) {
      const random = seededRandom(seed, side, index, attempt);
      const page = makePage(fonts, random);
      const question = ask(page, random);
      if (shown.has(contentOf(page)) || isRefused(page, question)) continue;
      shown.add(contentOf(page));
      return { id: `${side}-${index + 1}`, query: question.text, page, question };
    }
  };
  const isAmbiguous = (page: Page, question: Question) =>
    test.some((other) => answers(other.page, question) || answers(page, other.question));
  for (let index = 0; index < sizes.test; index++) test.push(draw('test', index, isAmbiguous));
  const queries = new Set(test.map(({ query }) => query));
  const train = Array.from({ length: sizes.train }, (_, index) =>
    draw('train', index, (_page, { text }) => queries.has(text)),
  );
  const plain = ({ id, query, page }: PagePair): PagePair => ({ id, query, page });
  return { train: train.map(plain), test: test.map(plain) };
}

interface Question {
  text: string;
  /** Of the chart that is asked for, where one is. */
  kind: ChartKind | undefined;
  /** All of them must be on the page. */
  subjects: string[];
}

const chartNames: Record<ChartKind, string> = { bar: 'bar chart', line: 'line chart', disc: 'pie chart' };

/** Ask for some of what a page shows, in another order. */
function ask({ kind, subjects }: Page, random: () => number): Question {
  if (kind === 'picture') {
    const [first, second, caption] = [...shuffle(subjects.slice(0, 2), random), subjects[2]];
    const asked = [first!, second!, ...(caption === undefined ? [] : [caption])];
    return {
      text: `a ${first} and a ${second}${caption ? `, with ${caption}` : ''}`,
      kind: undefined,
      subjects: asked,
    };
  }
  const asked = shuffle(subjects, random).slice(0, 3);
  const list = `${asked.slice(0, -1).join(', ')} and ${asked.at(-1)}`;
  if (kind === 'report') return { text: `a page about ${list}`, kind: undefined, subjects: asked };
  return { text: `${chartNames[kind]} of ${list}`, kind, subjects: asked };
}

/** Whether a page shows all that is asked for. */
const answers = (page: Page, { kind, subjects }: Question): boolean =>
  (kind === undefined || kind === page.kind) && subjects.every((subject) => page.subjects.includes(subject));

/** What a page shows, whatever it looks like. */
const contentOf = ({ kind, subjects }: Page): string => [kind, ...[...subjects].sort()].join('\n');
