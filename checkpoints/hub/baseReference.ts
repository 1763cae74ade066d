import type { HubOrigin } from '../../configs/load/resolveBase.js';
import type { Adapter } from '../adapter/adapter.js';

/** How an adapter names its base: as every machine finds it, or else by the folder on this one. */
export const baseReference = ({
  folder,
  hub,
}: {
  folder: string;
  hub?: HubOrigin | undefined;
}): Pick<Adapter, 'base' | 'revision'> => (hub ? { base: hub.id, revision: hub.commit } : { base: folder });
