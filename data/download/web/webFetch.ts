import type { ProxyAgent } from 'undici';

const agents = new Map<string, ProxyAgent>();

/** As `fetch`, but through the proxy that the environment names: Node.js 20 and 22 pay no attention to it. */
export async function webFetch(url: string, options: RequestInit): Promise<Response> {
  const address = process.env[proxyVariable(url) ?? ''];
  if (address === undefined) return fetch(url, options);
  const { ProxyAgent, fetch: fetchThrough } = await import('undici');
  const agent = agents.get(address) ?? new ProxyAgent(/:\/\//.test(address) ? address : `http://${address}`);
  agents.set(address, agent);
  const proxied = { ...options, dispatcher: agent } as Parameters<typeof fetchThrough>[1];
  return (await fetchThrough(url, proxied)) as unknown as Response;
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
