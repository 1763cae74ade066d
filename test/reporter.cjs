// Mocha's spec report, closed by the slowest tests, a line for each test that failed or passed only when repeated, and one
// plain line that a script can read.
const { reporters } = require('mocha');

const shown = 20;
/** Those below are not listed. One above ten seconds has its reason in the file that holds it. */
const leastSeconds = 1;

module.exports = class extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    this.timed = [];
    this.notes = [];
    runner.on('pass', (test) => this.timed.push(test));
    runner.on('retry', (test, error) => this.notes.push(`repeated: ${test.fullTitle()}: ${firstLine(error)}`));
    runner.on('fail', (test, error) => this.notes.push(`failed: ${test.fullTitle()}: ${firstLine(error)}`));
  }

  epilogue() {
    super.epilogue();
    const slowest = this.timed
      .filter(({ duration }) => duration >= leastSeconds * 1000)
      .sort((one, other) => other.duration - one.duration)
      .slice(0, shown);
    if (slowest.length > 0) console.log(`the slowest of ${this.timed.length} tests, in seconds:`);
    for (const test of slowest) console.log(`${(test.duration / 1000).toFixed(1).padStart(7)}  ${test.fullTitle()}`);
    for (const note of this.notes) console.log(note);
    const { passes, failures, pending } = this.stats;
    console.log(`${passes} passed, ${failures} failed, ${pending} skipped`);
  }
};

function firstLine(error) {
  return String(error?.message ?? error).split('\n')[0];
}
