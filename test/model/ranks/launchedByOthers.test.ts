import assert from 'node:assert/strict';
import {
  describeRanks,
  launchedByOthers,
  launchedEnvironment,
  requireMachines,
} from '../../../model/ranks/launcher/launchedByOthers.js';
import { placeInSlurm } from '../../../model/ranks/launcher/placeInSlurm.js';
import { rankPlaceOf } from '../../../model/ranks/launcher/rankPlaceOf.js';

const tfConfig = (cluster: object, type: string, index: number) => ({
  TF_CONFIG: JSON.stringify({ cluster, task: { type, index } }),
});
const refused = (env: NodeJS.ProcessEnv, message: RegExp) =>
  assert.throws(() => launchedByOthers(env), { name: 'UserError', message });

describe('launchedByOthers', () => {
  it('finds no others in an ordinary environment, and none where a launcher started one process', () => {
    assert.equal(launchedByOthers({ HOME: '/root', TF_CONFIG: '' }), undefined);
    assert.equal(launchedByOthers({ RANK: '0', WORLD_SIZE: '1', LOCAL_RANK: '0' }), undefined);
    assert.equal(launchedByOthers(tfConfig({ worker: ['a:1'] }, 'worker', 0)), undefined);
    assert.equal(launchedByOthers({ TF_CONFIG: '{}' }), undefined);
  });

  it('finds no others in a job of Slurm outside a step of several tasks', () => {
    const job = { SLURM_JOB_ID: '7', SLURM_NTASKS: '8', SLURM_PROCID: '0', SLURM_LOCALID: '0' };
    assert.equal(launchedByOthers(job), undefined);
    assert.equal(launchedByOthers({ ...job, SLURM_STEP_NUM_TASKS: '1' }), undefined);
  });

  it('takes the place that TF_CONFIG names, the chief first, those of one host counted', () => {
    const addresses = ['a:2222', 'a:2223', 'b:2222'];
    assert.deepEqual(launchedByOthers(tfConfig({ worker: addresses }, 'worker', 1)), {
      launcher: 'TF_CONFIG',
      place: { rank: 1, ranks: 3, localRank: 1, localRanks: 2, addresses },
    });
    const cluster = { worker: ['b:1', 'c:1'], chief: ['a:1'] };
    assert.deepEqual(launchedByOthers(tfConfig(cluster, 'worker', 1))!.place, {
      ...{ rank: 2, ranks: 3, localRank: 0, localRanks: 1 },
      addresses: ['a:1', 'b:1', 'c:1'],
    });
    assert.equal(launchedByOthers(tfConfig(cluster, 'chief', 0))!.place.rank, 0);
  });

  it('refuses a TF_CONFIG that is none, or lacks this rank', () => {
    refused({ TF_CONFIG: '{"cluster"' }, /^TF_CONFIG must be a JSON object; got \{"cluster"$/);
    refused(
      tfConfig({ worker: ['a:1', 'b:1'] }, 'worker', 2),
      /names task 2 of "worker", which its cluster does not hold/,
    );
    refused(
      tfConfig({ worker: ['a:1', 'b:1'], ps: ['c:1'] }, 'worker', 0),
      /has the job "ps"; ranks are chief and worker/,
    );
    refused(tfConfig({ worker: ['a', 'b'] }, 'worker', 0), /must hold "cluster" with lists of "host:port", and "task"/);
  });

  it('takes the place of an srun task, with ports from the job and threads from its share', () => {
    const env = {
      ...{ SLURM_JOB_ID: '41234', SLURM_STEP_NUM_TASKS: '7', SLURM_PROCID: '4', SLURM_LOCALID: '0' },
      ...{ SLURM_STEP_NODELIST: 'gpu[1-2]', SLURM_STEP_TASKS_PER_NODE: '4,3', SLURM_CPUS_PER_TASK: '12' },
    };
    const asked: string[] = [];
    const found = placeInSlurm(env, (nodes) => (asked.push(nodes), ['gpu1', 'gpu2']));
    assert.deepEqual(asked, ['gpu[1-2]']);
    const addresses = [21234, 21235, 21236, 21237].map((port) => `gpu1:${port}`);
    addresses.push(...[21234, 21235, 21236].map((port) => `gpu2:${port}`));
    const place = { rank: 4, ranks: 7, localRank: 0, localRanks: 3, addresses };
    assert.deepEqual(found, { launcher: 'Slurm', place, threads: 12 });
    const other = { ...env, SLURM_STEP_TASKS_PER_NODE: '4(x2)' };
    assert.throws(
      () => placeInSlurm(other, () => ['a', 'b']),
      /names 2 machines .* and 4\(x2\) tasks on them, which is not 7/,
    );
    const cyclic = { ...env, SLURM_LOCALID: '2' };
    assert.throws(() => placeInSlurm(cyclic, () => ['a', 'b']), /is not in blocks; add --distribution=block to srun$/);
  });

  it('names the machine itself where Slurm has one, without asking anybody', () => {
    const env = {
      ...{ SLURM_STEP_NUM_TASKS: '2', SLURM_PROCID: '1', SLURM_LOCALID: '1', SLURM_STEP_NODELIST: 'gpu-1.site' },
      ...{ SLURM_STEP_TASKS_PER_NODE: '2', TERCET_PORT: '4000' },
    };
    assert.deepEqual(launchedByOthers(env)!.place.addresses, ['gpu-1.site:4000', 'gpu-1.site:4001']);
  });

  it('takes the place that torchrun, Open MPI and MPICH give on one machine', () => {
    const addresses = ['127.0.0.1:29502', '127.0.0.1:29503'];
    const place = { rank: 1, ranks: 2, localRank: 1, localRanks: 2, addresses };
    const torchrun = { RANK: '1', WORLD_SIZE: '2', LOCAL_RANK: '1', LOCAL_WORLD_SIZE: '2', MASTER_PORT: '29501' };
    assert.deepEqual(launchedByOthers(torchrun), { launcher: 'torchrun', place });
    const usual = { ...place, addresses: ['127.0.0.1:29501', '127.0.0.1:29502'] };
    const [rank, ranks, local, locals] = ['RANK', 'SIZE', 'LOCAL_RANK', 'LOCAL_SIZE'].map(
      (x) => `OMPI_COMM_WORLD_${x}`,
    );
    assert.deepEqual(launchedByOthers({ [rank!]: '1', [ranks!]: '2', [local!]: '1', [locals!]: '2' }), {
      ...{ launcher: 'Open MPI', place: usual },
    });
    const mpich = { PMI_RANK: '1', PMI_SIZE: '2', MPI_LOCALRANKID: '1', MPI_LOCALNRANKS: '2' };
    assert.deepEqual(launchedByOthers(mpich), { launcher: 'MPICH', place: usual });
  });

  it('asks for the machines where they do not tell them, and takes TERCET_HOSTS', () => {
    const env = { RANK: '3', WORLD_SIZE: '4', LOCAL_RANK: '1', LOCAL_WORLD_SIZE: '2', MASTER_PORT: '5000' };
    refused(env, /^torchrun started 4 processes, 2 on this machine, and does not name the machines: set TERCET_HOSTS=/);
    refused({ ...env, TERCET_HOSTS: 'a' }, /as many processes on each; got 1 for 2$/);
    const { place } = launchedByOthers({ ...env, TERCET_HOSTS: 'a, b' })!;
    assert.deepEqual(place.addresses, ['a:5001', 'a:5002', 'b:5001', 'b:5002']);
    assert.deepEqual([place.rank, place.localRank, place.localRanks], [3, 1, 2]);
    refused({ ...env, TERCET_HOSTS: 'a,b', LOCAL_RANK: '0' }, /processes must be in blocks, as many on each machine$/);
    refused({ ...env, WORLD_SIZE: 'four' }, /^WORLD_SIZE must be a whole number; got four$/);
    refused(
      { ...env, TERCET_HOSTS: 'a,b', TERCET_PORT: '80' },
      /^TERCET_PORT must be a port from 1024 to 65535; got 80$/,
    );
  });
});

describe('requireMachines', () => {
  const over = (...addresses: string[]) => ({ rank: 0, ranks: 2, localRank: 0, localRanks: 1, addresses });

  it('refuses several machines over a network that nobody has called trusted', async () => {
    const message = /^the ranks are on 2 machines \(127\.0\.0\.1, localhost\), and whoever .*, add --trust-network$/;
    await assert.rejects(requireMachines(over('127.0.0.1:1', 'localhost:1'), false), { name: 'UserError', message });
    await requireMachines(over('127.0.0.1:1', 'localhost:1'), true);
    await requireMachines(over('localhost:1', 'localhost:2'), false);
  });

  it('names a machine that is not known', async () => {
    const message = /^the machine nowhere\.invalid, where rank 1 listens, is not known here: /;
    await assert.rejects(requireMachines(over('localhost:1', 'nowhere.invalid:1'), true), {
      name: 'UserError',
      message,
    });
  });
});

describe('launchedEnvironment', () => {
  const place = { rank: 1, ranks: 2, localRank: 1, localRanks: 2, addresses: ['localhost:1', 'localhost:2'] };

  it('gives a rank its card and its part of the machine', () => {
    const { LOCAL_RANK, TF_NUM_INTRAOP_THREADS } = launchedEnvironment({ launcher: 'Slurm', place, threads: 12 }, {});
    assert.deepEqual([LOCAL_RANK, TF_NUM_INTRAOP_THREADS], ['1', '12']);
  });

  it("takes torchrun's own OMP_NUM_THREADS=1 for no wish, and anyone else's for one", () => {
    const threads = (launcher: string, said: NodeJS.ProcessEnv) =>
      launchedEnvironment({ launcher, place: { ...place, localRanks: 1 } }, said)['TF_NUM_INTRAOP_THREADS'];
    const all = threads('torchrun', {});
    assert.equal(threads('torchrun', { OMP_NUM_THREADS: '1' }), all);
    assert.equal(threads('Open MPI', { OMP_NUM_THREADS: '1' }), '1');
    assert.equal(threads('torchrun', { OMP_NUM_THREADS: '3' }), '3');
  });
});

describe('rankPlaceOf', () => {
  const torchrun = { RANK: '1', WORLD_SIZE: '2', LOCAL_RANK: '1', LOCAL_WORLD_SIZE: '2' };
  const asked = { ranks: undefined, 'trust-network': false, 'dry-run': false };

  it('is the place among the processes of a launcher, where this one is told its card', async () => {
    const env: NodeJS.ProcessEnv = { ...torchrun };
    assert.equal((await rankPlaceOf(asked, env))!.rank, 1);
    assert.equal(env['LOCAL_RANK'], '1');
    assert.equal(await rankPlaceOf(asked, {}), undefined);
  });

  it('refuses what does not fit it', async () => {
    const rejects = (given: object, env: NodeJS.ProcessEnv, message: RegExp) =>
      assert.rejects(rankPlaceOf({ ...asked, ...given }, env), { name: 'UserError', message });
    await rejects({ ranks: 2 }, { ...torchrun }, /torchrun has started 2 of this command already; leave --ranks out$/);
    await rejects({ 'dry-run': true }, { ...torchrun }, /give it without torchrun, which started 2$/);
    await rejects(
      { 'trust-network': true },
      { ...torchrun },
      /^--trust-network has no effect where all is done on one/,
    );
    await rejects({ 'trust-network': true }, {}, /^--trust-network has no effect/);
  });
});

describe('describeRanks', () => {
  it('says where they are', () => {
    const place = { rank: 0, ranks: 2, localRank: 0, localRanks: 1 };
    assert.equal(describeRanks({ ...place, addresses: ['a:1', 'b:1'] }), '2 on 2 machines: a, b');
    assert.match(describeRanks({ ...place, addresses: ['a:1', 'a:2'] }), /^2 on this machine, whose threads/);
  });
});
