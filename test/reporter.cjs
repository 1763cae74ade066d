// Mocha's spec report, closed by the slowest tests and one plain line that a script can read.
const { reporters } = require('mocha');

const shown = 20;
/** A test above this has its reason in the file that holds it. */
const leastSeconds = 1;

module.exports = class extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    this.timed = [];
    runner.on('pass', (test) => this.timed.push(test));
  }

  epilogue() {
    super.epilogue();
    const slowest = this.timed
      .filter(({ duration }) => duration >= leastSeconds * 1000)
      .sort((one, other) => other.duration - one.duration)
      .slice(0, shown);
    if (slowest.length > 0) console.log(`the slowest of ${this.timed.length} tests, in seconds:`);
    for (const test of slowest) console.log(`${(test.duration / 1000).toFixed(1).padStart(7)}  ${test.fullTitle()}`);
    const { passes, failures, pending } = this.stats;
    console.log(`${passes} passed, ${failures} failed, ${pending} skipped`);
  }
};
