import { firstSentence } from './domainSource.js';

/**
 * The first sentence of a doc comment as a person would ask it: no markup, and no opening that only repeats the name
 * ("The `close()` method of the Dir interface closes ..." asks for "Closes ...").
 * @param comment  the whole comment, from its opening to its closing mark
 * @returns        empty where the comment has no sentence before its tags
 */
export function docSummary(comment: string): string {
  const body = comment
    .replace(/^\/\*+|\*+\/$/g, '')
    .replace(/^[ \t]*\*[ \t]?/gm, '')
    .replace(/^\s*#+ .*\n/, '')
    .trim();
  const paragraph = body.split(/(?:^|\n)\s*@\w|\n\s*\n|\n\s*[-*] |\n```/)[0] ?? '';
  const sentence = firstSentence(plainText(paragraph));
  if (!/\p{L}{2}/u.test(sentence) || UNFIT.test(sentence)) return '';
  const asked = sentence.replace(OPENING, '');
  return OPENING_WITHOUT_VERB.test(asked) ? '' : asked.charAt(0).toUpperCase() + asked.slice(1);
}

/** Remarks on other comments, and sentences that lost a name when the package was made ("of the with the stream"). */
const UNFIT =
  /^(?:[Dd]eprecated|[Ss]ee|TODO|[Nn]ote|MDN Reference|Stability)\b|js-nolint|\b(?:property|method|interface) of the [a-z]|\bthe (?:with|containing|whether|along|and|[Ii]f|when)\b/;

/** Markdown and JSDoc markup replaced by the text it shows. */
function plainText(markup: string): string {
  return markup
    .replace(
      /\{@link(?:code|plain)?\s+([^}|\s]+)[|\s]*([^}]*)\}/g,
      (_, target: string, label: string) => label.trim() || target,
    )
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/\[([^\]]*)\]\[[^\]]*\]/g, '$1')
    .replace(/\\<([\w-]+)\\?>/g, '$1')
    .replace(/<\/?[a-z][^>]*>/gi, '')
    .replace(/\*\*|__|`/g, '')
    .replace(/(?<!\w)[_*]([^_*\s][^_*]*)[_*](?!\w)/g, '$1');
}

const KIND =
  '(?:property|method|[Ii]nterface|constructor|event|mixin|function|attribute|accessor|object|dictionary|class|extension)';
const OWNER = "(?:[Ii]nterface|[Oo]bject|API|element|mixin|class|namespace|dictionary|event|module)(?:'s)?";
const VERB =
  '(?:[a-z]+ly )?(?!is\\b|has\\b|was\\b|does\\b|this\\b|its\\b)[a-z]+s\\b[ /]\\S|(?:is|are|can be) (?:an?|the|used to) ';
/** Cut only where a verb follows ("returns", "synchronously reads", "is a", "is used to"). */
const OPENING = new RegExp(
  `^(?:The|This|An?) (?:[^,;:]*? )??${KIND}(?:,? (?:of|on|in|for|from) (?:the |an? )?(?:(?:[^,;:]*? )??${OWNER}|[A-Z]\\w+))*,? ` +
    `(?:is part of the [\\w ]+? API and )?(?=${VERB})(?:(?:is|are|can be) (?:used to )?)?`,
);

/** What is left of a sentence that lost its middle: "The source read-only property of the null". */
const OPENING_WITHOUT_VERB = /^The (?:[\w.()-]+ ){1,3}(?:property|method|interface)\b/;
