/** Data that no file holds and nothing downloads: the demonstration's, of texts and of drawn pages, made here from packages. */
export const madeNames = ['demonstration', 'demonstration-pages'] as const;

export type MadeName = (typeof madeNames)[number];

/** Whether a name is that of data that is made here. */
export const isMadeName = (name: string): name is MadeName => madeNames.includes(name as MadeName);
