import { publicTaskOf, type TaskIdentity } from '../../tasks/identity.js';
import { isOfCoir, publicFamilies } from '../../tasks/publicTasks.js';

/** Groups in the order in which reports show them. Those of CoIR stand twice: titles left out, as it does, and searched. */
export const taskGroups = [
  ...publicFamilies,
  'CoIR, titled',
  'CodeSearchNet, titled',
  'CodeSearchNet CCR, titled',
  'Demonstration',
  'Other tasks',
] as const;
export type TaskGroup = (typeof taskGroups)[number];

/** The group under which a report shows a task. */
export function groupOf(task: TaskIdentity): TaskGroup {
  const known = publicTaskOf(task);
  if (!known) return task.set.startsWith('demo-') ? 'Demonstration' : 'Other tasks';
  const titled = taskGroups.find((group) => group === `${known.family}, titled`);
  return task.titles === 'use' && isOfCoir(known) ? (titled ?? known.family) : known.family;
}
