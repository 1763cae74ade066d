import { readdirSync, readFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { packageFolder } from './packageFolder.js';

/** A file of type declarations, and the name under which it is known. */
export interface DeclarationFile {
  /** Module or library: `node:fs`, `dom`, `yargs`. */
  module: string;
  path: string;
  text: string;
}

/** The declaration files of the packages that the code domain is made of, in one order on every machine. */
export function declarationFiles(): DeclarationFile[] {
  return PACKAGES.flatMap(({ name, through, folder, module }) => {
    const root = join(packageFolder(name, through), folder);
    return listDeclarationFiles(root).map((path) => {
      const inside = relative(root, path).replaceAll('\\', '/');
      return { module: module(inside), path: `${name}/${inside}`, text: readFileSync(path, 'utf8') };
    });
  });
}

const PACKAGES: { name: string; through?: string[]; folder: string; module: (path: string) => string }[] = [
  { name: 'typescript', folder: 'lib', module: libraryName },
  { name: '@types/node', folder: '.', module: (path) => `node:${path.replace(/\.d\.ts$/, '')}` },
  ...['@tensorflow/tfjs-core', '@tensorflow/tfjs-layers', '@tensorflow/tfjs-data'].map((name) => ({
    name,
    through: ['@tensorflow/tfjs'],
    folder: 'dist',
    module: () => name.replace('@tensorflow/', ''),
  })),
  { name: 'apache-arrow', folder: '.', module: () => 'apache-arrow' },
  { name: 'yaml', folder: 'dist', module: () => 'yaml' },
  { name: '@types/yargs', folder: '.', module: () => 'yargs' },
  { name: '@types/mocha', folder: '.', module: () => 'mocha' },
  { name: 'echarts', folder: 'types/dist', module: () => 'echarts' },
];

/** `lib.es2015.core.d.ts` is known as es2015, `lib.dom.iterable.d.ts` as dom. */
function libraryName(path: string): string {
  return basename(path, '.d.ts').replace(/^lib\.([^.]+).*$/, '$1');
}

/** Left out: packages within packages, and files that repeat another under a second name. */
function listDeclarationFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .sort((one, other) => (one.name < other.name ? -1 : 1))
    .flatMap((entry) => {
      if (entry.isDirectory())
        return entry.name === 'node_modules' ? [] : listDeclarationFiles(join(folder, entry.name));
      return /(?<!_test)\.d\.ts$/.test(entry.name) && !/^(?:tsserverlibrary|echarts|lib\.webworker)\./.test(entry.name)
        ? [join(folder, entry.name)]
        : [];
    });
}
