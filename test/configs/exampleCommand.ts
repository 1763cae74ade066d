import { setTimeout } from 'node:timers/promises';
import { runCommand } from '../../configs/cli/cli.js';

/** Prints what it was given; with --lines, so many lines; with --wait, waits for a signal. */
await runCommand('example', {
  name: '$0 [files..]',
  describe: 'an example',
  options: (cli) =>
    cli
      .positional('files', { type: 'string', array: true })
      .option('base', { type: 'string' })
      .option('data', { type: 'string', array: true })
      .option('set', { type: 'string', array: true, default: [] })
      .option('from-rank', { type: 'number', default: 1 })
      .option('lines', { type: 'number', default: 0 })
      .option('wait', { type: 'boolean', default: false })
      .option('as', { choices: ['query', 'passage'] as const })
      .option('json', { type: 'boolean', default: false }),
  handler: async (given: Record<string, unknown>) => {
    const { files, base, data, set, fromRank, lines, wait, as, json } = given;
    if (wait === true) {
      process.once('exit', () => console.log('claims given up'));
      console.error('waiting');
      await setTimeout(60_000);
    }
    for (let line = 0; line < (lines as number); line++) {
      console.log(`line ${line}`);
      if (line % 1000 === 0) await new Promise(setImmediate);
    }
    console.log(JSON.stringify({ files, base, data, set, fromRank, as, json }));
  },
});
