import { datasetInfo, listFiles } from '@huggingface/hub';
import type { HubDatasetFile } from '../../data/download/datasetFiles.js';
import type { Patience } from '../../data/download/web/retry.js';
import { UnreachableError } from '../../data/download/web/webErrors.js';
import { explainHubFailure } from './explainHubFailure.js';
import { hubSettings, type HubSettings } from './hubSettings.js';
import { askHub, hubFile, questionPatience, requireCommit, tokenHeader } from './listSnapshot.js';

/**
 * Ask the hub which files a data set holds at a revision, with their sizes, hashes and URLs.
 * @throws UserError in one line: no such data set or revision, gated, token refused, hub out of reach or forbidden
 */
export async function listHubDataset(
  id: string,
  revision: string,
  settings: HubSettings = hubSettings(),
  patience: Patience = questionPatience,
): Promise<HubDatasetFile[]> {
  if (settings.offline)
    throw new UnreachableError(`${id} is on the hub, which HF_HUB_OFFLINE forbids to ask; unset that`);
  const asked = { hubUrl: settings.endpoint, fetch: askHub(settings, patience) };
  try {
    const { name, sha } = await datasetInfo({ ...asked, name: id, revision, additionalFields: ['sha'] });
    requireCommit(sha, id, settings);
    const files: HubDatasetFile[] = [];
    for await (const { type, path, size, oid, lfs } of listFiles({
      ...asked,
      repo: { type: 'dataset', name },
      revision: sha,
      recursive: true,
    })) {
      if (type !== 'file' || oid === undefined) continue;
      const { bytes, hash } = hubFile(path, size, oid, lfs?.oid);
      const place = path.split('/').map(encodeURIComponent).join('/');
      const url = `${settings.endpoint}/datasets/${name}/resolve/${sha}/${place}`;
      files.push({ name: path, bytes, hash, url, headers: tokenHeader(settings) });
    }
    return files;
  } catch (error) {
    throw explainHubFailure(error, { id, revision }, settings, 'data set');
  }
}
