import { readdirSync } from 'node:fs';

/** Names that users may write for a base, data set, recipe, study or task: the YAML files in that folder of configs/, sorted. */
export function namesIn(folder: 'bases' | 'datasets' | 'recipes' | 'retraining' | 'studies' | 'tasks'): string[] {
  return readdirSync(new URL(`../${folder}/`, import.meta.url))
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.slice(0, -'.yaml'.length))
    .sort();
}
