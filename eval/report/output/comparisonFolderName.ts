import { createHash } from 'node:crypto';

/**
 * A name for the folder of a comparison, from those of its models, `+` between them, which no run or study has in its name.
 * Where a name had to be changed or cut, a hash of all keeps it apart from others.
 */
export function comparisonFolderName(models: readonly string[]): string {
  const plain = models.map((name) => name.replace(/[^\w.-]+/g, '-').replace(/^[-.]+|-+$/g, ''));
  const isExact = plain.every((name, index) => name === models[index]);
  const all = plain.length === 1 ? `${plain[0]}+published` : plain.join('+');
  if (isExact && all.length <= 80) return all;
  const hash = createHash('sha256').update(JSON.stringify(models)).digest('hex').slice(0, 8);
  const shortened = all.length <= 80 ? all : `${plain[0]!.slice(0, 60)}+${models.length - 1}-more`;
  return `${shortened}-${hash}`;
}
