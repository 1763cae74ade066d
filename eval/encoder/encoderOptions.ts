/** Options of every command that encodes by a model, as yargs takes them: each says the same under all of them. */
export const encoderOptions = {
  recipe: { type: 'string', describe: 'whose contract a model without one is encoded under' },
  set: {
    type: 'string',
    array: true,
    default: [] as string[],
    describe: 'change a setting of that recipe, as contract.queryPrefix=text or evaluation.batchTokens=4096',
  },
  base: { type: 'string', describe: 'name or folder of the base, for the folder of an adapter' },
} as const;
