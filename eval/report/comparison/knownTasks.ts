/** What is known of a public task by its name. */
export interface KnownTask {
  /** Its name in BEIR or CoIR. */
  name: string;
  group: TaskGroup;
  /** Its name in MTEB; several of our tasks may be parts, named by `subset`, of one of MTEB's. */
  mteb: string;
  subset: string;
  languages: string[];
}

/** Groups in the order in which reports show them. Those of CoIR stand twice: titles left out, as it does, and searched. */
export const taskGroups = [
  'MS MARCO',
  'BEIR',
  'CQADupStack',
  'CoIR',
  'CodeSearchNet',
  'CodeSearchNet CCR',
  'CoIR, titled',
  'CodeSearchNet, titled',
  'CodeSearchNet CCR, titled',
  'Demonstration',
  'Other tasks',
] as const;
export type TaskGroup = (typeof taskGroups)[number];

/**
 * Find a public task by what somebody calls it: its name in BEIR, CoIR or MTEB, in any spelling, with or without
 * `beir-`, `coir-`, `-titled` and the split `test`.
 */
export function knownTask(name: string): KnownTask | undefined {
  const plain = simplify(name.replace(/\/test$/, '').replace(/-titled(?=\/|$)/, ''));
  return byName.get(plain) ?? byName.get(plain.replace(/^(beir|coir|mteb)/, ''));
}

/** Whether a task of CoIR is searched with its titles, as MTEB does and CoIR's own harness does not. */
export const isTitled = (name: string): boolean => /-titled(\/|$)/.test(name);

/** The group under which a report shows a task. */
export function groupOf(name: string): TaskGroup {
  const group = knownTask(name)?.group ?? (name.startsWith('demo-') ? 'Demonstration' : 'Other tasks');
  return isTitled(name) ? (taskGroups.find((each) => each === `${group}, titled`) ?? group) : group;
}

const simplify = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, '');

const english = ['eng-Latn'];

const task = (group: TaskGroup, name: string, mteb: string, languages = english, subset = 'default'): KnownTask => ({
  name,
  group,
  mteb,
  subset,
  languages,
});

const forums: [name: string, mteb: string][] = [
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
].map((forum) => [`cqadupstack/${forum.toLowerCase()}`, `CQADupstack${forum}Retrieval`]);

const programmingLanguages = ['go', 'java', 'javascript', 'php', 'python', 'ruby'];
const codeSearchNet = (group: TaskGroup, prefix: string, mteb: string) =>
  programmingLanguages.map((language) => task(group, `${prefix}/${language}`, mteb, [`${language}-Code`], language));

const tasks: KnownTask[] = [
  task('MS MARCO', 'msmarco/dev', 'MSMARCO'),
  task('MS MARCO', 'msmarco/dl19', 'MSMARCO'),
  task('MS MARCO', 'msmarco/dl20', 'MSMARCO'),
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
  ...forums.map(([name, mteb]) => task('CQADupStack', name, mteb)),
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

/** Other spellings in use: abbreviations, file names of hub copies. */
const spellings: Record<string, string> = {
  treccovidbeir: 'trec-covid',
  touche2020: 'webis-touche2020',
  webistouche2020: 'webis-touche2020',
  dbpedia: 'dbpedia-entity',
  text2sql: 'synthetic-text2sql',
  msmarco: 'msmarco/dev',
  msmarcopassage: 'msmarco/dev',
  msmarcov1passagedev: 'msmarco/dev',
  msmarcodev: 'msmarco/dev',
  msmarcopassagedev: 'msmarco/dev',
  dl19: 'msmarco/dl19',
  dl20: 'msmarco/dl20',
  trecdl2019: 'msmarco/dl19',
  trecdl2020: 'msmarco/dl20',
};

const byName = new Map<string, KnownTask>();
for (const known of tasks) {
  byName.set(simplify(known.name), known);
  if (known.subset === 'default' && known.group !== 'MS MARCO') byName.set(simplify(known.mteb), known);
}
for (const [spelling, name] of Object.entries(spellings)) byName.set(spelling, byName.get(simplify(name))!);
