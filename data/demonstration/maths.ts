import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { countWords, cutText, type DomainSource, firstSentence, type SourcePair } from './domainSource.js';
import { foldText } from '../example/foldText.js';
import { packageFolder } from './packageFolder.js';

/** One help entry: `abs( x[, options] )` and all that is said of it. */
export interface HelpEntry {
  /** The signature without its arguments: `base.strided.dsum.ndarray`. */
  name: string;
  signature: string;
  /** First sentence of the description, its full stop left out. */
  summary: string;
  /** What the description says after its first sentence. */
  notes: string;
  /** Parameters and returned value. */
  interface: string;
  examples: string;
}

/**
 * The help texts of stdlib as a retrieval task: what a function computes asks for its signature and documentation.
 * Only entries on mathematics and statistics become pairs; all entries are language-model text.
 * Source: the package `@stdlib/repl-help` (Apache-2.0).
 */
export function mathsSource(): DomainSource {
  const file = join(packageFolder('@stdlib/repl-help'), 'data', 'data.json');
  const texts = Object.values(JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>);
  const entries = [...new Map(texts.flatMap(parseHelp).map((entry) => [entry.signature, entry])).values()];
  return {
    pairs: entries.filter(isMathematics).map(entryPair),
    documents: (leaveOut) => entryDocuments(entries, leaveOut),
  };
}

/** The entries of one help text: each begins with a signature at the left margin. */
export function parseHelp(text: string): HelpEntry[] {
  return text
    .split(/\n(?=\S)/)
    .filter((section) => section.trim() !== '')
    .map(parseEntry);
}

function parseEntry(section: string): HelpEntry {
  const lines = section.trim().split('\n');
  // A signature too long for its line goes on behind more than the usual indentation.
  const bodyStart = lines.findIndex((line, index) => index > 0 && !/^ {5,}\S/.test(line));
  const signature = lines
    .slice(0, bodyStart)
    .map((line) => line.trim())
    .join(' ');
  const body = lines
    .slice(bodyStart)
    .join('\n')
    .replace(/^ {4}/gm, '')
    .replace(/(?<=\w)-\n\s*(?=\w)/g, '-'); // a word broken at its hyphen
  const [description = '', ...sections] = body.split(/^(?=\S.*\n-{4,}$)/m);
  const summary = firstSentence(description.trim().split(/\n\s*\n/)[0] ?? '');
  const sectionOf = (title: string): string => sections.find((text) => text.startsWith(`${title}\n`)) ?? '';
  return {
    name: signature.replace(/\(.*$/s, '').trim(),
    signature,
    summary,
    notes: tidy(description)
      .slice(summary.length)
      .replace(/^[.!?:;]\s*/, '')
      .trim(),
    interface: ['Parameters', 'Returns']
      .map((title) => tidy(sectionOf(title)))
      .filter(Boolean)
      .join('\n'),
    examples: tidy(sectionOf('Examples').replace(/^.*\n-+\n/, '')),
  };
}

/** Paragraphs on one line each, underlines and empty lines left out; console lines stay as they are. */
function tidy(text: string): string {
  return text
    .replace(/\n-{4,}(?=\n|$)/g, ':')
    .split(/\n\s*\n|\n(?=\s*(?:>|\/\/))/)
    .map((paragraph) => (/^\s*(?:>|\/\/)/.test(paragraph) ? paragraph.trim() : paragraph.replace(/\s+/g, ' ').trim()))
    .filter(Boolean)
    .join('\n');
}

/** What stdlib also documents and nobody would call mathematics. */
const OTHER_SUBJECTS =
  /\b(?:strings?|characters?|code points?|graphemes?|unicode|propert(?:y|ies)|prototype|files?|paths?|director(?:y|ies)|environment|runtime|process|buffers?|streams?|callback|regular expressions?|typed array|ndarrays?|data ?sets?|objects?|slices?|alias(?:es)?|packages?|iterator protocol|dtypes?|data types?|instances?|constructors?|generator|words|json|user|symbols?|promises?|functions? (?:name|argument)s?)\b/i;
/** Namespaces, constants (which take no arguments), predicates of numbers, tests, and some of the rest by name. */
const MATHEMATICAL_SIGNATURE =
  /^(?:base\.|random\.|strided\.|fastmath\.|iter[A-Za-z]|incr|[A-Z][A-Z0-9_]+$|is\w*(?:Number|Integer|Matrix|Prime|Composite|Even|Odd|[Ff]inite|[Nn][Aa][Nn]|Zero|Probability)|\w+[tT]est2?\(|(?:abs|anova1|chi2gof|kstest|linspace|logspace|lowess|kde2d|ranks|sample|shuffle|[sdg]dot|[sdg]swap|conjf?|imagf?|realf?|realmax|realmin)\()/;

function isMathematics(entry: HelpEntry): boolean {
  return (
    MATHEMATICAL_SIGNATURE.test(entry.signature) &&
    !OTHER_SUBJECTS.test(entry.summary) &&
    countWords(entry.summary) >= LEAST_QUERY_WORDS &&
    entry.notes + entry.interface + entry.examples !== ''
  );
}

const LEAST_QUERY_WORDS = 4;
const LONGEST_PASSAGE_CHARACTERS = 420;

function entryPair(entry: HelpEntry): SourcePair {
  const id = `maths-${entry.signature.replace(/\s+/g, '')}`;
  const text = [entry.signature, entry.interface, entry.notes, entry.examples].filter(Boolean).join('\n');
  return {
    id,
    query: entry.summary,
    passage: { id, title: entry.name, text: cutText(text, LONGEST_PASSAGE_CHARACTERS) },
    groups: [`name ${nameStem(entry.name)}`, `summary ${summarySkeleton(entry.summary)}`],
    relations: [entry.name.replace(/\.\w+$/, '')],
  };
}

/** The name without the suffix of a variant and without the letters that say the number format. */
function nameStem(name: string): string {
  return name
    .replace(/\.(?:ndarray|assign|factory|objectMode)$/, '')
    .replace(/^base\.strided\.[sdgcz](?=[a-z])/, 'base.strided.')
    .replace(/^base\.(\w{3,})f$/, 'base.$1');
}

/** Words that tell number formats and calling conventions apart, not what is computed. */
const VARIANT_WORDS = new Set(
  'a an the of in to and for each x y z single double precision floating point complex number numbers strided array arrays element elements using alternative indexing semantics extended accumulation returning result'.split(
    ' ',
  ),
);

function summarySkeleton(summary: string): string {
  return foldText(summary)
    .split(' ')
    .filter((word) => !VARIANT_WORDS.has(word))
    .join(' ');
}

function entryDocuments(entries: HelpEntry[], leaveOut: (sentence: string) => boolean): string[] {
  const documents = entries.map((entry) =>
    [
      entry.signature,
      entry.summary === '' || leaveOut(entry.summary) ? '' : `${entry.summary}.`,
      entry.notes,
      entry.interface,
      entry.examples,
    ]
      .filter(Boolean)
      .join('\n'),
  );
  // Ten kinds of typed array share each text: one of them is enough.
  const levelled = documents.map((text) =>
    text.replace(/\b(?:Float|Int|Uint|Complex|Boolean)\d*(?:Clamped)?Array\b/g, ''),
  );
  const seen = new Set<string>();
  return documents.filter((_, index) => {
    const text = levelled[index] as string;
    return !seen.has(text) && seen.add(text);
  });
}
