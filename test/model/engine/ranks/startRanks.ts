import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { RankPlace } from '../../../../model/engine/ranks/rankPlace.js';
import { freePorts } from '../../../../model/ranks/freePorts.js';

const start = fileURLToPath(new URL('../../../../setup/start/start.mjs', import.meta.url));

export interface RankEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** What it printed, a JSON object a line. */
  said: Record<string, unknown>[];
  errors: string;
}

export async function placesHere(ranks: number): Promise<RankPlace[]> {
  const addresses = (await freePorts(ranks)).map((port) => `127.0.0.1:${port}`);
  return addresses.map((_, rank) => ({ rank, ranks, localRank: rank, localRanks: ranks, addresses }));
}

/** Run a worker file as ranks of one run, to the end of all. */
export async function startRanks(file: URL, places: RankPlace[], args: string[], env: Record<string, string> = {}) {
  const ends = places.map((place) => {
    const child = spawn(process.execPath, [start, fileURLToPath(file), JSON.stringify(place), ...args], {
      env: { ...process.env, TF_NUM_INTRAOP_THREADS: '1', TERCET_HEARTBEAT_SECONDS: '3', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const text = { output: '', errors: '' };
    child.stdout.setEncoding('utf8').on('data', (part: string) => (text.output += part));
    child.stderr.setEncoding('utf8').on('data', (part: string) => (text.errors += part));
    return new Promise<RankEnd>((resolve) =>
      child.on('close', (code, signal) => {
        const said = text.output.split('\n').flatMap((line) => (line ? [JSON.parse(line) as RankEnd['said'][0]] : []));
        resolve({ code, signal, said, errors: text.errors });
      }),
    );
  });
  return Promise.all(ends);
}
