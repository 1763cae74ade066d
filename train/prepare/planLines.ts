import { describeEmbeddings } from '../study/planEmbeddings.js';
import { describeTimes } from './phaseTimes.js';
import { gigabytes } from './planDisks.js';
import type { RunPlan } from './planRun.js';

/** A plan as lines for the screen. */
export function planLines(plan: RunPlan): string[] {
  const { base, sets, tasks, during, missingTasks, disks, embeddings, memoryBytes, toMake, speed } = plan;
  const licence = (text: string | undefined) => (text === undefined ? '' : `; licence: ${text}`);
  const fetched = (bytes: number, present: number) =>
    `${gigabytes(bytes - present)} to download${present > 0 ? ` of ${gigabytes(bytes)}` : ''}`;
  return [
    `base    ${base.name}, ${base.isHere ? 'here' : fetched(base.bytes, base.present)}${licence(base.licence)}`,
    ...sets.map(({ name, isHere, bytes, present, toImport, licence: terms }) => {
      const state = [isHere ? 'here' : fetched(bytes, present), ...(toImport ? ['to be imported'] : [])].join(', ');
      return `data    ${name}, ${state}${licence(terms)}`;
    }),
    ...toMake.map((name) => `data    ${name}, made here`),
    `tasks   ${tasks.join(', ') || 'none'}${missingTasks.length > 0 ? `; not here: ${missingTasks.join(', ')}` : ''}`,
    ...disks.map(({ place, bytes, free, parts }) => {
      const list = parts.map((part) => `${part.what} ${gigabytes(part.bytes)}`).join(', ');
      return `disk    ${gigabytes(bytes)} of ${gigabytes(free)} free at ${place}: ${list}`;
    }),
    ...(embeddings ? [`kept    ${describeEmbeddings(embeddings, gigabytes)}`] : []),
    ...(memoryBytes === undefined ? [] : [`needs   up to ${gigabytes(memoryBytes)} of memory`]),
    ...(during.length > 0 ? [`during  ${during.join(', ')}, scored while training`] : []),
    `time    ${describeTimes(plan.seconds)}`,
    `speed   ${speed}`,
  ];
}
