import type { Argv } from 'yargs';
import { runCommand, type Command } from '../../configs/cli/cli.js';
import { libraryOutput } from '../../configs/cli/libraryOutput.js';
import { namesIn } from '../../configs/load/names.js';
import { UserError } from '../../configs/userError.js';
import { folderBytes } from '../../setup/folder/records.mjs';
import { baseRows, tensorRows } from '../describe/baseRows.js';
import { describeBase, describeTensors, type BaseDescription } from '../describe/describeBase.js';
import { engineStatus, type EngineStatus } from '../engine/native/engineStatus.js';
import { loadNativeBinding } from '../engine/native/loadNativeBinding.js';
import type { Card } from '../engine/native/nodeBackend.js';
import { nativeBackend } from '../engine/native/rawTensors.js';
import { multiplySpeed } from '../engine/product/multiplySpeed.js';
import { telling } from '../engine/product/productRate.js';
import { describeLayers } from '../describe/describeLayers.js';
import { describeEngine, startEngine, type Engine } from '../engine/startEngine.js';
import { describeMachine, type Machine } from '../machine.js';
import type { TensorReport } from '../load/tensorReport.js';
import { homePath } from '../../configs/cli/homePath.js';
import { rankPlaceOf } from '../ranks/launcher/rankPlaceOf.js';
import { examineRanks } from '../ranks/examineRanks.js';

const matrixSize = () => telling(1024);

interface Options {
  json: boolean;
  verify: boolean;
  verbose: boolean;
  base: string | undefined;
  tensors: boolean;
  ranks: number | undefined;
  'trust-network': boolean;
}

/** Everything the doctor finds out, as `--json` prints it. */
interface Findings {
  machine: Machine;
  engine: Engine & { gflops: number };
  /** The one that the engine computes on, where it does and the driver tells of it. */
  card?: Card;
  status: EngineStatus;
  advice: string[];
  /** Bytes in the folders that fill up, by name. */
  folders: Record<string, number>;
  bases: string[];
  /** With --base. */
  base?: BaseDescription;
  /** With --tensors. */
  tensors?: TensorReport;
  /** With --verbose: what libraries would have put on the screen. */
  written?: string;
}

const doctor: Command<Options> = {
  name: '$0',
  describe: 'Say what this machine has, which engine runs on it and why, and what is missing for a faster one',
  options: (cli: Argv) =>
    cli
      .option('json', { type: 'boolean', default: false, describe: 'print one JSON object and nothing else' })
      .option('verify', { type: 'boolean', default: false, describe: 'check every file of the engine by its hash' })
      .option('verbose', {
        type: 'boolean',
        default: false,
        describe: 'and what libraries wrote, which is kept from the screen otherwise',
      })
      .option('base', { type: 'string', describe: 'a base: what using it would download, and the memory it takes' })
      .option('tensors', { type: 'boolean', default: false, describe: 'what becomes of each tensor of that base' })
      .option('ranks', {
        type: 'number',
        describe: 'join so many processes, and tell how fast they exchange what training does',
      })
      .option('trust-network', {
        type: 'boolean',
        default: false,
        describe: 'where a launcher started the command on several machines: nobody else reaches their ports',
      }),
  examples: [
    ['npm run doctor', 'the table'],
    ['npm run doctor -- --base qwen-math', 'what that base is and needs, before anything is downloaded'],
    ['npm run doctor -- --ranks 2', 'whether several ranks can share a run here'],
    ['npm run doctor -- --verify', 'find out whether a file of the engine is damaged'],
  ],
  async handler({ json, verify, verbose, base, tensors, ...asked }) {
    const place = await rankPlaceOf({ ...asked, 'dry-run': false }, process.env);
    if (place !== undefined || asked.ranks !== undefined) {
      const other = Object.entries({ verify, verbose, tensors, base }).find(([, value]) => value)?.[0];
      if (other !== undefined) throw new UserError(`--${other} has no effect with several ranks; leave it out`);
      const screen = { print: (line: string) => console.log(line), warn: (line: string) => console.error(line) };
      return examineRanks(place, asked.ranks, json, screen);
    }
    if (tensors && base === undefined) throw new UserError('--tensors needs --base, the base to look at');
    const found = await examine(verify);
    const description = base === undefined ? undefined : await describeBase(base);
    const report = tensors ? await describeTensors(description!) : undefined;
    const findings: Findings = {
      ...found,
      ...(description && { base: description }),
      ...(report && { tensors: report }),
      ...(verbose && { written: libraryOutput() }),
    };
    if (json) console.log(JSON.stringify(findings));
    else {
      console.log(table(rows(findings, verify)));
      if (description) console.log(`\n${table(baseRows(description, found.engine.gflops))}`);
      if (report) console.log(`\n${table(tensorRows(report))}`);
      if (verbose) console.log(`\nlibraries wrote:\n${findings.written || 'nothing'}`);
    }
    const isUnfit = report && report.missing.length + report.refused.length > 0;
    return found.status.damaged || description?.files.refused || isUnfit ? 2 : 0;
  },
};

async function examine(verify: boolean): Promise<Findings> {
  const status = await engineStatus({ verify });
  // A doctor that refuses to start where the engine asked for is missing would be of no help.
  if (process.env['TERCET_BACKEND'] === 'tensorflow' && !loadNativeBinding().loaded)
    delete process.env['TERCET_BACKEND'];
  const engine = await startEngine();
  const card = engine.device === 'GPU' ? nativeBackend().card() : undefined;
  return {
    machine: describeMachine('.'),
    engine: { ...engine, gflops: multiplySpeed(matrixSize()) },
    ...(card && { card }),
    status,
    advice: advice(engine, status),
    folders: Object.fromEntries(
      ['data/cache', 'checkpoints/runs'].map((folder) => [folder, folderBytes(homePath(folder))]),
    ),
    bases: namesIn('bases'),
  };
}

/** What to do for the fastest engine that this machine can have; empty when it runs. */
function advice(engine: Engine, status: EngineStatus): string[] {
  if (status.damaged) return [`${status.damaged} in ${status.folder} is damaged; npm run setup installs it again`];
  if (process.env['TERCET_BACKEND'] === 'wasm') return ['unset TERCET_BACKEND to run on TensorFlow'];
  if (engine.name === 'wasm') return [engine.why];
  if (status.nvidiaDriver && engine.device === 'CPU') {
    const native = loadNativeBinding();
    const said = native.loaded ? native.written().match(/^E\d{4} .*\] (.*)$/m)?.[1] : undefined;
    return [`TensorFlow does not use the NVIDIA card (${said ?? 'it gives no reason'}); does nvidia-smi show it?`];
  }
  return [];
}

function rows(findings: Findings, verify: boolean): [string, string][] {
  const { machine, engine, card, status } = findings;
  const instructions = machine.instructions.length > 0 ? `; ${machine.instructions.join(', ')}` : '';
  return [
    ['Node.js', machine.node],
    ['processor', `${machine.processor}, ${machine.cores} cores${instructions}`],
    ['threads', `${machine.threads} for TensorFlow on the processor`],
    ['memory', `${gigabytes(machine.memory.total)}, ${gigabytes(machine.memory.free)} free`],
    [
      'GPU',
      machine.gpus.join('; ') || (status.nvidiaDriver ? 'an NVIDIA driver, but nvidia-smi shows no card' : 'none'),
    ],
    ...(card ? [['its memory', cardLine(card)] as [string, string]] : []),
    ['disk', `${gigabytes(machine.diskFree)} free`],
    ['engine', describeEngine(engine)],
    ['why', engine.why],
    ...(engine.name === 'tensorflow' ? [['layers', describeLayers()] as [string, string]] : []),
    ['precisions', engine.precisions.join(', ')],
    [
      'speed',
      `${Math.round(engine.gflops)} GFLOP/s, a quick look: float32 product of ${matrixSize()} x ${matrixSize()}`,
    ],
    ['TensorFlow', status.installed ? `${status.tensorflow}, ${status.variant}` : 'not installed'],
    ['files', status.installed ? `${gigabytes(status.bytes)}, ${checked(status, verify)}` : '-'],
    ['binding', status.installed ? status.binding : '-'],
    ['to do', findings.advice.join('; ') || 'nothing: this is the fastest engine for this machine'],
    ...Object.entries(findings.folders).map(([folder, bytes]): [string, string] => [folder, gigabytes(bytes)]),
    ['bases', findings.bases.join(', ')],
  ];
}

const cardLine = ({ totalBytes, freeBytes, computeCapability }: Card) =>
  `${gigabytes(totalBytes)}, ${gigabytes(freeBytes)} free before the engine started; compute capability ${computeCapability}`;

function checked({ damaged }: EngineStatus, verify: boolean): string {
  if (damaged) return `${damaged} is damaged`;
  return verify ? 'every hash is right' : 'every size is right (--verify compares hashes)';
}

function table(cells: [string, string][]): string {
  const width = Math.max(...cells.map(([name]) => name.length));
  return cells.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
}

const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;

await runCommand('npm run doctor --', doctor);
