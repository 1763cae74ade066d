import { UserError } from '../../../configs/userError.js';
import type { ProxyAgent } from 'undici';

const agents = new Map<string, ProxyAgent>();

/** As `fetch`, but through the proxy that the environment names: Node.js 20 and 22 pay no attention to it. */
export async function webFetch(url: string, options: RequestInit): Promise<Response> {
  const variable = proxyVariable(url) ?? '';
  const address = process.env[variable];
  const [bare, request] = withBasicCredentials(url, options);
  if (address === undefined) return fetch(bare, request);
  const { ProxyAgent, fetch: fetchThrough } = await import('undici');
  const proxy = /:\/\//.test(address) ? address : `http://${address}`;
  if (!URL.canParse(proxy)) throw new UserError(`${variable} must be the URL of a proxy; set it to one, or unset it`);
  const agent = agents.get(address) ?? new ProxyAgent(proxy);
  agents.set(address, agent);
  const proxied = { ...request, dispatcher: agent } as Parameters<typeof fetchThrough>[1];
  return (await fetchThrough(bare, proxied)) as unknown as Response;
}

/** `fetch` refuses a URL with a user and password, and its message shows them: they go into a header. */
function withBasicCredentials(url: string, options: RequestInit): [string, RequestInit] {
  const bare = new URL(url);
  if (bare.username === '' && bare.password === '') return [url, options];
  const pair = `${decodeURIComponent(bare.username)}:${decodeURIComponent(bare.password)}`;
  bare.username = bare.password = '';
  const headers = new Headers(options.headers);
  if (!headers.has('authorization')) headers.set('authorization', `Basic ${Buffer.from(pair).toString('base64')}`);
  return [bare.href, { ...options, headers: Object.fromEntries(headers) }];
}

/** The variable that names a proxy for a URL, where there is one and NO_PROXY does not except the host. */
export function proxyVariable(url: string): string | undefined {
  const { protocol, hostname, port } = new URL(url);
  if (/^(localhost|127\.[\d.]+|\[::1\])$/.test(hostname)) return undefined; // the proxy would look on its own machine
  const name = `${protocol.slice(0, -1)}_proxy`;
  const isExcepted = (process.env['no_proxy'] ?? process.env['NO_PROXY'] ?? '')
    .split(/[\s,]+/)
    .map((entry) => /^(?:\*?\.)?([^:]*)(?::(\d+))?$/.exec(entry.toLowerCase()))
    .some(
      (entry) =>
        entry?.[0] === '*' ||
        (entry?.[1] &&
          (hostname === entry[1] || hostname.endsWith(`.${entry[1]}`)) &&
          (entry[2] === undefined || entry[2] === port)),
    );
  return isExcepted ? undefined : [name, name.toUpperCase()].find((variable) => process.env[variable]);
}
