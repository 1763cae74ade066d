/** A retrieval task that others publish figures on. */
export interface PublicTask {
  /** Its name in BEIR or CoIR. */
  set: string;
  /** A forum or language that is a task of its own. */
  part: string | null;
  family: PublicFamily;
  /** Its name in MTEB; several of our tasks may be parts, named by `subset`, of one of MTEB's. */
  mteb: string;
  subset: string;
  languages: string[];
}

export const publicFamilies = [
  'MS MARCO',
  'BEIR',
  'CQADupStack',
  'CoIR',
  'CodeSearchNet',
  'CodeSearchNet CCR',
] as const;
type PublicFamily = (typeof publicFamilies)[number];

/** CoIR's own harness leaves titles out, MTEB searches them: the same data is then two tasks. */
export const isOfCoir = ({ family }: Pick<PublicTask, 'family'>): boolean => /^Co(IR|deSearchNet)/.test(family);

/** Without regard to case, dashes and dots, in which the spellings of one name differ. */
const simplified = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '');

const english = ['eng-Latn'];

const task = (
  family: PublicFamily,
  set: string,
  mteb: string,
  languages = english,
  part: string | null = null,
): PublicTask => ({ set, part, family, mteb, subset: 'default', languages });

const forums = [
  'Android',
  'English',
  'Gaming',
  'Gis',
  'Mathematica',
  'Physics',
  'Programmers',
  'Stats',
  'Tex',
  'Unix',
  'Webmasters',
  'Wordpress',
].map((forum) => task('CQADupStack', 'cqadupstack', `CQADupstack${forum}Retrieval`, english, forum.toLowerCase()));

const codeSearchNet = (family: PublicFamily, set: string, mteb: string) =>
  ['go', 'java', 'javascript', 'php', 'python', 'ruby'].map((language) => ({
    ...task(family, set, mteb, [`${language}-Code`], language),
    subset: language,
  }));

export const publicTasks: PublicTask[] = [
  task('MS MARCO', 'msmarco', 'MSMARCO'),
  ...[
    ['trec-covid', 'TRECCOVID'],
    ['nfcorpus', 'NFCorpus'],
    ['nq', 'NQ'],
    ['hotpotqa', 'HotpotQA'],
    ['fiqa', 'FiQA2018'],
    ['arguana', 'ArguAna'],
    ['webis-touche2020', 'Touche2020'],
    ['cqadupstack', 'CQADupstackRetrieval'],
    ['quora', 'QuoraRetrieval'],
    ['dbpedia-entity', 'DBPedia'],
    ['scidocs', 'SCIDOCS'],
    ['fever', 'FEVER'],
    ['climate-fever', 'ClimateFEVER'],
    ['scifact', 'SciFact'],
  ].map(([name, mteb]) => task('BEIR', name!, mteb!)),
  ...forums,
  task('CoIR', 'apps', 'AppsRetrieval', ['eng-Latn', 'python-Code']),
  task('CoIR', 'cosqa', 'CosQA', ['eng-Latn', 'python-Code']),
  task('CoIR', 'synthetic-text2sql', 'SyntheticText2SQL', ['eng-Latn', 'sql-Code']),
  task('CoIR', 'codetrans-contest', 'CodeTransOceanContest', ['python-Code', 'c++-Code']),
  task('CoIR', 'codetrans-dl', 'CodeTransOceanDL', ['python-Code']),
  task('CoIR', 'stackoverflow-qa', 'StackOverflowQA'),
  task('CoIR', 'codefeedback-st', 'CodeFeedbackST'),
  task('CoIR', 'codefeedback-mt', 'CodeFeedbackMT'),
  ...codeSearchNet('CodeSearchNet', 'codesearchnet', 'COIRCodeSearchNetRetrieval'),
  ...codeSearchNet('CodeSearchNet CCR', 'codesearchnet-ccr', 'CodeSearchNetCCRetrieval'),
];

/** Other spellings of sets in use: abbreviations, file names of hub copies. */
const otherSpellings: Record<string, string> = {
  treccovidbeir: 'trec-covid',
  touche2020: 'webis-touche2020',
  dbpedia: 'dbpedia-entity',
  text2sql: 'synthetic-text2sql',
  msmarcopassage: 'msmarco',
  msmarcov1passage: 'msmarco',
};

/** Set and part by every name that somebody calls them, simplified. */
const byName = new Map<string, Pick<PublicTask, 'set' | 'part'>>();
for (const { set, part, mteb, subset } of publicTasks) {
  byName.set(simplified(`${set}/${part ?? ''}`), { set, part });
  byName.set(simplified(subset === 'default' ? mteb : `${mteb}/${subset}`), { set, part });
  if (subset !== 'default') byName.set(simplified(mteb), { set, part: null });
  byName.set(simplified(set), { set, part: null });
}
for (const [spelling, set] of Object.entries(otherSpellings)) byName.set(spelling, { set, part: null });

/** The set and part that somebody calls so, in any spelling, with or without `beir-`, `coir-` or `mteb-`. */
export function findPublic(name: string): Pick<PublicTask, 'set' | 'part'> | undefined {
  const plain = simplified(name);
  return byName.get(plain) ?? byName.get(plain.replace(/^(beir|coir|mteb)/, ''));
}
