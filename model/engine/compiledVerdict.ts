import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readJson } from '../../setup/folder/engineFolder.mjs';

/** What came of trying the functions that XLA compiles on a card. */
export interface CompiledVerdict {
  works: boolean;
  /** In one line, for people. */
  why: string;
}

/** Of these flags, driver and card; undefined where they were not tried. @param env  as it is once TensorFlow is loaded */
export function compiledVerdict(env: NodeJS.ProcessEnv): CompiledVerdict | undefined {
  const file = fileOf(env);
  return file === undefined ? undefined : (readJson(file) as CompiledVerdict | undefined);
}

/** Keep a verdict, or none, for the next start; nowhere where the engine's folder cannot be written. */
export function keepVerdict(env: NodeJS.ProcessEnv, verdict: CompiledVerdict | undefined): void {
  const file = fileOf(env);
  if (file === undefined) return;
  if (!verdict) return rmSync(file, { force: true });
  mkdirSync(dirname(file), { recursive: true });
  const partial = `${file}.partial-${process.pid}`;
  writeFileSync(partial, `${JSON.stringify(verdict)}\n`);
  renameSync(partial, file);
}

/** Beside what was compiled, whose folder is named by flags, driver and card; of several settings the last one counts. */
function fileOf(env: NodeJS.ProcessEnv): string | undefined {
  const folders = [...(env['TF_XLA_FLAGS'] ?? '').matchAll(/--tf_xla_persistent_cache_directory=(\S+)/g)];
  const folder = folders.at(-1)?.[1];
  return folder === undefined ? undefined : join(folder, 'verdict.json');
}
