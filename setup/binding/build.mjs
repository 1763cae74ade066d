import { existsSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../command.mjs';
import { checkout, tensorflowVersion } from '../folder/engineFolder.mjs';
import { lifeOf, owner } from '../lock/owner.mjs';
import { sha256Of } from '../folder/records.mjs';
import { startPhase } from '../messages/screen.mjs';
import { Trouble } from '../messages/troubles.mjs';

const packageFolder = join(checkout, 'node_modules/@tensorflow/tfjs-node-gpu');
const nodeHeaders = join(checkout, 'node_modules/node-api-headers/include');

/**
 * Compile the binding of the unmodified package `@tensorflow/tfjs-node-gpu` against the unpacked TensorFlow, and load it
 * once in a process of its own: a library that would end the process of whoever loads it is found out here.
 * @param compiler  program and its first arguments
 */
export async function buildBinding(place, compiler, register) {
  for (const name of readdirSync(place.folder)) {
    const by = name.split('.partial-')[1]; // another's partial file may be in use, by a machine that shares the folder
    if (by && lifeOf(by) === 'gone') rmSync(join(place.folder, name));
  }
  const phase = startPhase('compiling the binding of TensorFlow');
  try {
    await compile(place, compiler, place.holdStderr, holdStderrArguments(), register);
    await compile(place, compiler, place.binding, bindingArguments(place), register);
    await compileFused(place, compiler, register);
    await tryLoading(place, register);
  } catch (error) {
    phase.end('failed');
    throw error;
  }
  phase.end('done');
  const files = {};
  for (const path of [place.binding, place.fusedOps, place.holdStderr])
    files[path.slice(place.folder.length + 1)] = { bytes: statSync(path).size, sha256: await sha256Of(path) };
  const partial = `${place.bindingRecord}.partial-${owner}`;
  writeFileSync(partial, `${JSON.stringify({ tensorflow: tensorflowVersion, files }, null, 2)}\n`);
  renameSync(partial, place.bindingRecord);
}

function holdStderrArguments() {
  return [fileURLToPath(new URL('holdStderr.cc', import.meta.url)), `-I${nodeHeaders}`];
}

/** Functions of others whose calls by the package lead to context.cc. */
const wrapped = ['TFE_NewContext', 'TF_DeviceListCount', 'napi_define_properties'];

/** Paths inside the engine folder are relative to the binding, so that the folder can be moved. */
function bindingArguments({ folder }) {
  const library = join(folder, 'tensorflow');
  return [
    ...['tfjs_backend.cc', 'tfjs_binding.cc'].map((name) => join(packageFolder, 'binding', name)),
    ...['context.cc', 'card.cc', 'signals.cc'].map((name) => fileURLToPath(new URL(name, import.meta.url))),
    ...wrapped.map((name) => `-Wl,--wrap=${name}`),
    ...[nodeHeaders, join(library, 'include'), packageFolder].map((path) => `-I${path}`),
    ...[`-L${library}`, '-l:libtensorflow_cc.so.2', '-l:libtensorflow_framework.so.2', '-Wl,-rpath,$ORIGIN/tensorflow'],
    '-ldl', // of its own before glibc 2.34
    ...cudaArguments(folder),
  ];
}

/** Every source under model/engine/fused. Without -ffast-math: a number that is not finite must stay so, and sums keep their order. */
function fusedArguments({ folder }) {
  const sources = join(checkout, 'model/engine/fused');
  const library = join(folder, 'tensorflow');
  return [
    ...readdirSync(sources, { recursive: true }).flatMap((name) => (name.endsWith('.cc') ? [join(sources, name)] : [])),
    ...[nodeHeaders, join(library, 'include')].map((path) => `-I${path}`),
    ...['-O3', '-fno-math-errno', '-fno-trapping-math', '-pthread'],
    ...(process.arch === 'x64' ? ['-mprefer-vector-width=512'] : []),
    ...[`-L${library}`, '-l:libtensorflow_framework.so.2', '-Wl,-rpath,$ORIGIN/tensorflow'],
  ];
}

/**
 * TensorFlow opens the CUDA libraries by name and has failed to find them in some versions (tensorflow issues 63362,
 * 85311). Linked into the binding they are already open by then.
 */
function cudaArguments(folder) {
  const nvidia = join(folder, 'nvidia');
  if (!existsSync(nvidia)) return [];
  const wanted = /^lib(cudart|cublas|cublasLt|cudnn|cufft|cusolver|cusparse|nvJitLink|nccl)\.so\.\d+$/;
  const withLibraries = readdirSync(nvidia).filter((name) => existsSync(join(nvidia, name, 'lib')));
  return withLibraries.flatMap((name) => {
    const libraries = readdirSync(join(nvidia, name, 'lib')).filter((file) => wanted.test(file));
    if (libraries.length === 0) return [];
    const places = [`-L${join(nvidia, name, 'lib')}`, `-Wl,-rpath,$ORIGIN/nvidia/${name}/lib`];
    return [...places, '-Wl,--no-as-needed', ...libraries.map((file) => `-l:${file}`)];
  });
}

/** A compiler that cannot make one library for several processors makes it for the one it runs on. */
async function compileFused(place, compiler, register) {
  try {
    await compile(place, compiler, place.fusedOps, fusedArguments(place), register);
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    const thisOne = process.arch === 'x64' ? '-march=native' : '-mcpu=native';
    await compile(place, compiler, place.fusedOps, ['-DONE_PROCESSOR', thisOne, ...fusedArguments(place)], register);
  }
}

async function compile(place, [program, ...first], target, args, register) {
  const partial = `${target}.partial-${owner}`;
  const flags = ['-O2', '-std=c++17', '-fPIC', '-shared', '-DNAPI_VERSION=8', '-w'];
  const { code, output } = await run(program, [...first, ...flags, ...args, '-o', partial], {
    cwd: dirname(target),
    log: place.log,
    register,
  });
  if (code === 0) return renameSync(partial, target);
  rmSync(partial, { force: true });
  const said = output.split('\n').find((line) => /error|cannot|not found|No space/i.test(line)) ?? `exit ${code}`;
  throw new Trouble(
    `the C++ compiler ${program} failed (${said.trim()})`,
    `all it said is in ${place.log}; npm run setup tries again`,
    { waits: true },
  );
}

async function tryLoading(place, register) {
  const flags = constants.dlopen.RTLD_NOW | constants.dlopen.RTLD_DEEPBIND;
  const script = `const m = { exports: {} }; process.dlopen(m, process.argv[1], ${flags}); console.log(m.exports.TF_Version)`;
  let version = '';
  const { code, output } = await run(process.execPath, ['-e', script, place.binding], {
    env: { TF_CPP_MIN_LOG_LEVEL: '2', TF_FORCE_GPU_ALLOW_GROWTH: 'true' },
    log: place.log,
    register,
    onLine: (line) => (version = line),
  });
  if (code === 0 && version === tensorflowVersion) return;
  const said = output.split('\n').findLast((line) => /error|cannot|F0000|^F |fatal|instructions/i.test(line));
  throw new Trouble(
    `TensorFlow does not load on this machine (${said?.trim() ?? `exit ${code}`})`,
    `all it said is in ${place.log}; npm run setup tries again`,
    { waits: true },
  );
}
