import { UserError } from '../../../configs/userError.js';
import { proxyVariable } from './webFetch.js';

/** A server answered that it will not give what was asked for; asking again would not help. */
export class HttpStatusError extends UserError {
  /** @param code  what the server's own name for the reason is, in the header X-Error-Code */
  constructor(
    message: string,
    readonly status: number,
    readonly code: string | null,
  ) {
    super(message);
  }
}

/** Something that may be over when it is tried again: a cut connection, a busy server, no network. */
export class PassingFailure extends Error {
  /**
   * @param waitMs      how long the server asks to wait
   * @param progressed  whether something had arrived before
   */
  constructor(
    message: string,
    readonly waitMs?: number,
    readonly progressed = false,
  ) {
    super(message);
  }
}

/** A passing failure that did not pass: the network or the server is to blame. */
export class UnreachableError extends UserError {}

/**
 * Say in one line why a connection failed.
 * @returns a `PassingFailure`, a `UserError` where waiting cannot help, or the error itself where it is another kind
 */
export function explainNetworkFailure(error: unknown, url: string): unknown {
  if (error instanceof PassingFailure || error instanceof UserError) return error;
  const { host } = new URL(url);
  const code = networkCode(error);
  const refused = causes(error)
    .map(({ message }) => /^Proxy response \((\d+)\)/.exec(message ?? '')?.[1])
    .find(Boolean);
  if (refused)
    return new UserError(`the proxy in ${proxyVariable(url)} answers ${refused} for ${host}; check its address`);
  if (code === undefined) return error;
  if (/CERT|SIGNATURE|SELF_SIGNED|ERR_TLS|ERR_SSL/.test(code))
    return new UserError(
      `the certificate of ${host} is not trusted (${code}); behind a proxy that inspects traffic, name its certificate by NODE_EXTRA_CA_CERTS`,
    );
  return new PassingFailure(
    reasons[code] ? `${reasons[code](host)}; ${remedy(url)}` : `the connection to ${host} was cut (${code})`,
  );
}

function remedy(url: string): string {
  const variable = proxyVariable(url);
  return `check the network${variable === undefined ? '' : ` and the proxy in ${variable}`}`;
}

const reasons: Record<string, (host: string) => string> = {
  ENOTFOUND: (host) => `no address is known for ${host}`,
  EAI_AGAIN: (host) => `no name server answers for ${host}`,
  ECONNREFUSED: (host) => `${host} refuses connections`,
  ENETUNREACH: (host) => `there is no route to ${host}`,
  EHOSTUNREACH: (host) => `there is no route to ${host}`,
  ETIMEDOUT: (host) => `${host} does not answer`,
  UND_ERR_CONNECT_TIMEOUT: (host) => `${host} does not answer`,
};

/** `fetch` hides the system's code in a chain of causes, sometimes in a list of one for each address tried. */
function networkCode(error: unknown): string | undefined {
  const code = causes(error).find(({ code, errors }) => typeof code === 'string' && !errors)?.code;
  if (typeof code === 'string') return code;
  return error instanceof TypeError && /^(fetch failed|terminated)$/.test(error.message) ? 'closed' : undefined;
}

function causes(error: unknown): ErrorLike[] {
  const chain: ErrorLike[] = [];
  for (let at = error as ErrorLike | undefined; at; at = at.cause ?? at.errors?.[0]) chain.push(at);
  return chain;
}

interface ErrorLike {
  message?: string;
  code?: unknown;
  cause?: ErrorLike;
  errors?: ErrorLike[];
}
