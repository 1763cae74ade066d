import assert from 'node:assert/strict';
import { docSummary } from '../../../data/demonstration/docSummary.js';

const summaries: [behaviour: string, comment: string, expected: string][] = [
  [
    'joins the lines of the first sentence',
    `/**
       * Asynchronously read the next
       * directory entry. Then more.
       *
       * Another paragraph.
       */`,
    'Asynchronously read the next directory entry',
  ],
  ['stops before the first tag', '/** Closes the file\n * @since v1.0\n * @param x the file */', 'Closes the file'],
  ['is empty where only tags stand', '/**\n * @since v0.5.8\n */', ''],
  ['shows the label of a link', '/** An alias of {@link readFile | the reader}. */', 'An alias of the reader'],
  [
    'shows the text of markup',
    '/** Calls [`readdir(3)`](http://man7.org/) with **care** and _not_ `some_name`. */',
    'Calls readdir(3) with care and not some_name',
  ],
  [
    'cuts an opening that only names the thing',
    "/** The **`cancel()`** method of the Web Animations API's Animation interface clears all KeyframeEffects. */",
    'Clears all KeyframeEffects',
  ],
  [
    'cuts an opening that ends in the name of the owner',
    '/** The **`dispatchEvent()`** method of the EventTarget sends an Event to the object. */',
    'Sends an Event to the object',
  ],
  [
    'cuts the verb "is" with the opening',
    '/** The **`name`** read-only property of the File interface is a string with the name. */',
    'A string with the name',
  ],
  [
    'leaves an opening alone where nothing that can stand by itself follows',
    '/** The event loop of the process. */',
    'The event loop of the process',
  ],
  [
    'is empty for a sentence that lost its owner',
    '/** The **`source`** read-only property of the null or throws. */',
    '',
  ],
  ['is empty for a remark on deprecation', '/** Deprecated: use `open` in its place. */', ''],
];

describe('docSummary', () => {
  for (const [behaviour, comment, expected] of summaries) {
    it(behaviour, () => assert.equal(docSummary(comment), expected));
  }
});
