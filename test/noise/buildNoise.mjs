import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('noise.cc', import.meta.url));
const headers = fileURLToPath(new URL('../../node_modules/node-api-headers/include', import.meta.url));

/** Path of the compiled add-on `noise.cc`; undefined where no compiler is. Compiled once a version, into the temporary folder. */
export function buildNoise() {
  const hash = createHash('sha256').update(readFileSync(source)).digest('hex').slice(0, 12);
  const path = join(tmpdir(), `tercet-noise-${process.arch}-${hash}.node`);
  if (existsSync(path)) return path;
  const partial = `${path}.${process.pid}`;
  const flags = ['-O1', '-std=c++17', '-fPIC', '-shared', '-pthread', '-DNAPI_VERSION=8', `-I${headers}`];
  const { status } = spawnSync(process.env.CXX ?? 'g++', [...flags, source, '-o', partial]);
  if (status !== 0) return undefined;
  renameSync(partial, path);
  return path;
}
