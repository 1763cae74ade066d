import { UserError } from '../../configs/userError.js';
import { HttpStatusError, UnreachableError } from '../../data/download/web/webErrors.js';
import type { HubRevision } from '../../configs/load/resolveBase.js';
import type { HubSettings } from './hubSettings.js';

/** Say in one line what the hub's refusal of a model or data set means and what to do; other errors pass unchanged. */
export function explainHubFailure(
  error: unknown,
  { id, revision }: HubRevision,
  settings: HubSettings,
  kind: 'model' | 'data set' = 'model',
): unknown {
  const { endpoint, token, tokenFrom } = settings;
  const page = `${endpoint}/${kind === 'model' ? '' : 'datasets/'}${id}`;
  if (error instanceof SyntaxError)
    return new UserError(`${endpoint} does not answer as the Hugging Face hub does; check HF_ENDPOINT`);
  if (error instanceof UnreachableError)
    return new UnreachableError(`${id} cannot be had from the hub: ${error.message}, or set HF_ENDPOINT to a mirror`);
  if (!(error instanceof HttpStatusError)) return error;
  const { status, code } = error;
  const isRefused = status === 401 || status === 403;
  if (code === 'GatedRepo' || (status === 403 && token !== undefined))
    return new UserError(
      token === undefined
        ? `${id} is gated: accept its terms at ${page}, then set HF_TOKEN to a token of yours`
        : `${id} is gated, and the token in ${tokenFrom} has no access: accept its terms at ${page} with that account`,
    );
  if (isRefused && token !== undefined && /credential|token/i.test(error.message))
    return new UserError(`the hub does not accept the token in ${tokenFrom}; renew it, or remove it to go without`);
  if (code === 'RevisionNotFound')
    return new UserError(`${id} has no revision ${revision} on the hub; name a commit, branch or tag it has, or none`);
  if (isRefused || status === 404)
    return new UserError(
      `the hub has no ${kind} ${id} that ${token === undefined ? 'everybody' : `the token in ${tokenFrom}`} may read; check the name, or set HF_TOKEN if it is private`,
    );
  return error;
}
