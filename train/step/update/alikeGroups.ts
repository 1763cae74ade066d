/** Parameters of one shape, by name. */
export interface Group {
  names: string[];
  shape: number[];
}

/** Parameters whose numbers can be stacked on each other, so that one operation does for all of them. */
export function alikeGroups(parameters: ReadonlyMap<string, { shape: number[] }>): Group[] {
  const groups = new Map<string, Group>();
  for (const [name, { shape }] of parameters) {
    const group = groups.get(shape.join()) ?? { names: [], shape };
    group.names.push(name);
    groups.set(shape.join(), group);
  }
  return [...groups.values()];
}
