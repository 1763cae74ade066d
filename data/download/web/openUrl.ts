import { explainNetworkFailure, HttpStatusError, PassingFailure } from './webErrors.js';
import { webFetch } from './webFetch.js';

export interface UrlOptions {
  /** `authorization` goes to the host of the URL only: it is dropped where a redirect leads to another. */
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
  /** Longest silence of the server. */
  idleMs?: number;
  /** Statuses that are answers here, besides 200 and 206. */
  accept?: number[];
}

export interface OpenUrl {
  status: number;
  headers: Headers;
  /** Bytes as they come; ends with a `PassingFailure` when the connection is cut or falls silent. */
  body: AsyncGenerator<Uint8Array>;
  /** Close the connection of an answer whose body is not read. */
  cancel(): Promise<void>;
}

const defaultIdleMs = 60_000;

/**
 * Ask for a URL, following redirects, through a proxy where the environment names one.
 * @throws PassingFailure for a busy server or a failed connection; `HttpStatusError` for a refusal
 */
export async function openUrl(url: string, options: UrlOptions = {}): Promise<OpenUrl> {
  const { headers = {}, signal, idleMs = defaultIdleMs, accept = [] } = options;
  const watch = watchSilence(url, idleMs, signal);
  try {
    // A compressed answer could not be gone on with in the middle.
    const response = await webFetch(url, {
      headers: { 'user-agent': 'tercet', 'accept-encoding': 'identity', ...headers },
      signal: watch.signal,
    });
    if (response.status !== 200 && response.status !== 206 && !accept.includes(response.status)) {
      await response.body?.cancel();
      throw refusal(url, response);
    }
    const cancel = async () => {
      watch.stop();
      await response.body?.cancel();
    };
    return { status: response.status, headers: response.headers, body: bytesOf(response, watch), cancel };
  } catch (error) {
    throw watch.explain(error);
  }
}

/** Ask for a URL and read all of the answer as text. */
export async function readUrl(url: string, options: UrlOptions = {}): Promise<{ text: string; headers: Headers }> {
  const { headers, body } = await openUrl(url, options);
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece);
  return { text: Buffer.concat(pieces).toString('utf8'), headers };
}

async function* bytesOf(response: Response, watch: Watch): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of (response.body ?? []) as AsyncIterable<Uint8Array>) {
      watch.heard();
      yield piece;
      watch.heard(); // what was done with the piece may have taken long
    }
  } catch (error) {
    throw watch.explain(error);
  } finally {
    watch.stop();
  }
}

type Watch = ReturnType<typeof watchSilence>;

function watchSilence(url: string, idleMs: number, outer?: AbortSignal) {
  const silence = new AbortController();
  const tooLong = () =>
    silence.abort(new PassingFailure(`${new URL(url).host} has sent nothing for ${Math.round(idleMs / 1000)} s`));
  const timer = setTimeout(tooLong, idleMs);
  return {
    signal: outer ? AbortSignal.any([silence.signal, outer]) : silence.signal,
    heard: () => void timer.refresh(),
    stop: () => clearTimeout(timer),
    /** @returns what the failure really was: an aborted `fetch` throws errors of several kinds */
    explain(error: unknown): unknown {
      clearTimeout(timer);
      if (silence.signal.aborted) return silence.signal.reason;
      if (outer?.aborted) return outer.reason;
      return explainNetworkFailure(error, url);
    },
  };
}

const passing = [408, 425, 429, 500, 502, 503, 504];

function refusal(url: string, { status, statusText, headers }: Response): Error {
  const { host, pathname } = new URL(url);
  const said = headers.get('x-error-message');
  const what = `${host} answers ${status}${statusText ? ` ${statusText}` : ''} for ${pathname}${said ? `: ${said}` : ''}`;
  if (passing.includes(status)) return new PassingFailure(what, askedWaitMs(headers));
  return new HttpStatusError(what, status, headers.get('x-error-code'));
}

/** Retry-After holds seconds or a date; the hub's rate limiter says `"api";r=0;t=55`, t being seconds. */
function askedWaitMs(headers: Headers): number | undefined {
  const after = headers.get('retry-after');
  const seconds = Number(after ?? headers.get('ratelimit')?.match(/;\s*t=(\d+)/)?.[1] ?? NaN);
  if (Number.isFinite(seconds)) return seconds * 1000;
  const date = after === null ? NaN : Date.parse(after);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}
