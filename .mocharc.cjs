const { availableParallelism } = require('node:os');

// `npx mocha FILE` runs that file alone: Mocha itself would add what is named to the files of its settings.
const named = process.argv.slice(2).filter((argument) => argument.endsWith('.test.ts')).length;
const isMany = named === 0 || named > 20;

module.exports = {
  ...(named > 0 ? {} : { spec: ['test/**/*.test.ts'] }),
  'node-option': ['import=tsx'],
  reporter: 'test/reporter.cjs',
  timeout: 60000,
  // Tests of commands mostly wait for them to start, so two files at once take clearly less time.
  parallel: isMany && availableParallelism() > 1,
  jobs: 2,
  // A shared machine may stand still for a minute: there a test that failed is repeated once, and the report says so.
  retries: process.env.CI ? 1 : 0,
  exit: true,
};
