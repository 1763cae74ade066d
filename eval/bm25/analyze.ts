import { stemmer } from 'stemmer';

/** Text to index terms: words, without possessive 's, in lower case, without stop words, stemmed. Repeats are kept. */
export type Analyzer = (text: string) => string[];

/**
 * English analysis equal to Lucene's as Anserini sets it up: StandardTokenizer, EnglishPossessiveFilter,
 * LowerCaseFilter, StopFilter with Lucene's 33 words, PorterStemFilter.
 * Source: Anserini `DefaultEnglishAnalyzer`; Unicode Standard Annex 29, word boundaries.
 * @returns a function that remembers the term of each word it has met, so that most words cost one look-up
 */
export function createAnalyzer(): Analyzer {
  const stems = new Map<string, string>();
  return (text) => {
    const terms: string[] = [];
    for (const word of text.match(isAscii(text) ? asciiWord : anyWord) ?? []) {
      for (let begin = 0; begin < word.length; begin += longestWord) {
        const piece = word.length > longestWord ? word.slice(begin, begin + longestWord) : word;
        let term = stems.get(piece);
        if (term === undefined) {
          term = termOf(piece);
          if (stems.size < wordsRemembered) stems.set(piece, term);
        }
        if (term !== '') terms.push(term);
      }
    }
    return terms;
  };
}

/** Lucene cuts longer words into pieces of this many UTF-16 units. */
const longestWord = 255;
const wordsRemembered = 2_000_000;

const stopWords = new Set(
  (
    'a an and are as at be but by for if in into is it no not of on or such ' +
    'that the their then there these they this to was will with'
  ).split(' '),
);

/** @returns the term of a word, empty for a stop word */
function termOf(word: string): string {
  const bare = /['’＇][sS]$/.test(word) ? word.slice(0, -2) : word;
  const lower = bare.toLowerCase();
  return stopWords.has(lower) ? '' : (bareSuffixes.get(lower) ?? stemmer(lower));
}

/** Words that are nothing but a suffix: the `stemmer` package (2.0.1) asks for a letter before it, Porter does not. */
const bareSuffixes = new Map([
  ['eed', 'eed'],
  ['ies', 'i'],
  ['sses', 'ss'],
]);

const isAscii = (text: string) => !/[^\0-\x7f]/.test(text);

/**
 * Runs of letters and digits make a word, with one mark between two letters or two digits where that mark may
 * stand inside a word, and underscores anywhere.
 */
function wordPattern(letter: string, digit: string, joiner: string, betweenLetters: string, betweenDigits: string) {
  const letters = `${letter}+(?:${betweenLetters}${letter}+)*`;
  const digits = `${digit}+(?:${betweenDigits}${digit}+)*`;
  return `${joiner}*(?:${letters}|${digits})(?:${joiner}*(?:${letters}|${digits}))*${joiner}*`;
}

const asciiWord = new RegExp(wordPattern('[A-Za-z]', '[0-9]', '_', "[.:']", "[.,;']"), 'g');

/** Marks and invisible characters belong to the character before them. */
const attached = '[[\\p{M}\\p{Cf}]--\\u200b]*';
/** Written without blanks: each Han or Hiragana character is a word, a run of Thai, Lao, Khmer or Burmese is one. */
const unspaced = '\\p{Ideographic}\\p{sc=Han}\\p{sc=Hiragana}';
const runs = '\\p{sc=Thai}\\p{sc=Lao}\\p{sc=Khmer}\\p{sc=Myanmar}';
const anyWord = new RegExp(
  [
    wordPattern(
      `(?:[[\\p{Alphabetic}]--[\\p{M}${unspaced}${runs}]]${attached})`,
      `(?:[\\p{Nd}]${attached})`,
      `(?:\\p{Pc}${attached})`,
      `(?:[.:'··՟״‘’․‧︓﹒﹕＇．：]${attached})`,
      `(?:[.,;'‘’․﹒＇．;։،؍٬߸⁄︐︔﹐﹔，；]${attached})`,
    ),
    `[${unspaced}]${attached}`,
    `[[${runs}]&&[\\p{Alphabetic}\\p{M}]]+`,
    `\\p{RGI_Emoji}|[\\p{Emoji}&&\\p{Extended_Pictographic}]`,
  ].join('|'),
  'gv',
);
