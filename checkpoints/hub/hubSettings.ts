import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../../configs/userError.js';

/** Where the Hugging Face hub is, and where this machine keeps what came from it. */
export interface HubSettings {
  endpoint: string;
  /** Holds `models--<owner>--<name>` folders. */
  cache: string;
  token: string | undefined;
  /** Where the token was found, for messages. */
  tokenFrom: string | undefined;
  /** Nothing may be asked of the network. */
  offline: boolean;
}

type Environment = Record<string, string | undefined>;

/**
 * Read the variables that Hugging Face's own tools read, so that a cache and a token are shared with them.
 * Source: huggingface_hub, `constants.py` and `utils/_auth.py`.
 */
export function hubSettings(environment: Environment = process.env): HubSettings {
  const set = (...names: string[]) => names.map((name) => environment[name]?.trim()).find(Boolean);
  const home = expand(
    set('HF_HOME') ?? join(set('XDG_CACHE_HOME') ?? join(homedir(), '.cache'), 'huggingface'),
    environment,
  );
  const cache = set('HF_HUB_CACHE', 'HUGGINGFACE_HUB_CACHE');
  const isTrue = (name: string) => /^(1|on|yes|true)$/i.test(set(name) ?? '');
  return {
    endpoint: endpointOf(set('HF_ENDPOINT') ?? 'https://huggingface.co'),
    cache: cache === undefined ? join(home, 'hub') : expand(cache, environment),
    ...findToken(set, join(home, 'token'), environment, isTrue('HF_HUB_DISABLE_IMPLICIT_TOKEN')),
    offline: isTrue('HF_HUB_OFFLINE') || isTrue('TRANSFORMERS_OFFLINE'),
  };
}

/** @throws UserError for what is no URL, whose own message would show all of it, a password included */
function endpointOf(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new UserError('HF_ENDPOINT must be a URL that begins with http:// or https://; set it to one, or unset it');
  return text.replace(/\/+$/, '');
}

function findToken(
  set: (...names: string[]) => string | undefined,
  fallback: string,
  environment: Environment,
  isDisabled: boolean,
): Pick<HubSettings, 'token' | 'tokenFrom'> {
  const nothing = { token: undefined, tokenFrom: undefined };
  if (isDisabled) return nothing;
  for (const name of ['HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN'])
    if (set(name)) return { token: set(name), tokenFrom: name };
  const file = expand(set('HF_TOKEN_PATH') ?? fallback, environment);
  const token = existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
  return token === '' ? nothing : { token, tokenFrom: file };
}

/** As a shell would: `~` and `$NAME`. */
const expand = (path: string, environment: Environment) =>
  path
    .replace(/^~(?=\/|$)/, homedir())
    .replace(/\$(?:\{(\w+)\}|(\w+))/g, (whole, one: string, other: string) => environment[one ?? other] ?? whole);
