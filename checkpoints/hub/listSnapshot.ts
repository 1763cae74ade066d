import { listFiles, modelInfo } from '@huggingface/hub';
import { UserError } from '../../configs/userError.js';
import { readUrl } from '../../data/download/web/openUrl.js';
import { defaultPatience, retry, type Patience } from '../../data/download/web/retry.js';
import type { ExpectedHash } from '../../data/download/web/fetchFile.js';
import type { HubRevision } from '../../configs/load/resolveBase.js';
import { requireFileName } from '../../data/files/requireFileName.js';
import { explainHubFailure } from './explainHubFailure.js';
import type { HubSettings } from './hubSettings.js';

export interface HubFile {
  name: string;
  bytes: number;
  /** Its name among a cache's blobs. */
  blob: string;
  hash: ExpectedHash;
}

/** The files of a model at one commit. */
export interface Snapshot {
  /** What the hub calls the model now: another name than was asked for when it was moved. */
  id: string;
  commit: string;
  files: HubFile[];
}

/** For questions to the hub, which are small: a network that is not there should be told soon. */
export const questionPatience: Patience = { ...defaultPatience, tries: 4, longestWaitMs: 120_000 };

/**
 * Ask the hub which commit a revision is and which files it holds, with their sizes and hashes.
 * @throws UserError in one line: no such model or revision, gated, token refused, hub out of reach
 */
export async function listSnapshot(
  source: HubRevision,
  settings: HubSettings,
  patience: Patience = questionPatience,
): Promise<Snapshot> {
  const asked = { hubUrl: settings.endpoint, fetch: askHub(settings, patience) };
  try {
    const { name, sha } = await modelInfo({
      ...asked,
      name: source.id,
      revision: source.revision,
      additionalFields: ['sha'],
    });
    requireCommit(sha, source.id, settings);
    const files: HubFile[] = [];
    for await (const { type, path, size, oid, lfs } of listFiles({
      ...asked,
      repo: { type: 'model', name },
      revision: sha,
      recursive: true,
    }))
      if (type === 'file' && oid !== undefined) files.push(hubFile(path, size, oid, lfs?.oid));
    return { id: name, commit: sha, files };
  } catch (error) {
    throw explainHubFailure(error, source, settings);
  }
}

/** The text of one small file of a model, which is not kept. @throws UserError in one line, as of a gated model */
export async function readHubFile(id: string, commit: string, name: string, settings: HubSettings): Promise<string> {
  const url = fileUrl(id, commit, name, settings);
  try {
    return (await retry(() => readUrl(url, { headers: tokenHeader(settings) }), questionPatience)).text;
  } catch (error) {
    throw explainHubFailure(error, { id, revision: commit }, settings);
  }
}

export const fileUrl = (id: string, commit: string, name: string, { endpoint }: HubSettings) =>
  `${endpoint}/${id}/resolve/${commit}/${encodeURIComponent(name)}`;

/** What it answers becomes a part of paths and URLs. */
export function requireCommit(sha: string, id: string, { endpoint }: HubSettings): void {
  if (!/^[0-9a-f]{40}$/.test(sha)) throw new UserError(`${endpoint} names no commit of ${id}`);
}

/** Large files are known by the SHA-256 of their bytes, others by the hash that git gives a blob. */
export function hubFile(name: string, bytes: number, oid: string, sha256: string | undefined): HubFile {
  requireFileName(name);
  // They become names of files in a cache that other tools share.
  if (!/^[0-9a-f]{40}$/.test(oid) || (sha256 !== undefined && !/^[0-9a-f]{64}$/.test(sha256)))
    throw new UserError(`the hub names ${JSON.stringify(sha256 ?? oid)} as the hash of ${name}, which is none`);
  return {
    name,
    bytes,
    blob: sha256 ?? oid,
    hash: sha256 ? { algorithm: 'sha256', hex: sha256 } : { algorithm: 'sha1', hex: oid, preamble: `blob ${bytes}\0` },
  };
}

/** The header that carries the token, where there is one. */
export const tokenHeader = ({ token }: HubSettings): Record<string, string> =>
  token === undefined ? {} : { authorization: `Bearer ${token}` };

/** A `fetch` for the hub's own library that tries again, and sends the token to the hub alone. */
export function askHub(settings: HubSettings, patience: Patience): typeof fetch {
  const { origin } = new URL(settings.endpoint);
  return async (input) => {
    const url = input instanceof Request ? input.url : String(input);
    const headers = new URL(url).origin === origin ? tokenHeader(settings) : {};
    const answer = await retry(() => readUrl(url, { headers }), patience);
    return new Response(answer.text, { headers: answer.headers });
  };
}
