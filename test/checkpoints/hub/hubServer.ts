import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

/** What goes wrong with an answer. Without one it is served as it should be. */
interface Fault {
  /** Instead of the answer. */
  status?: number;
  headers?: Record<string, string>;
  /** Close the connection after so many bytes of this answer. */
  cutAfter?: number;
  /** Send nothing more after so many bytes. */
  stallAfter?: number;
  /** Change the last byte. */
  corrupt?: boolean;
  /** Wait before each of these many bytes. */
  slow?: { bytes: number; ms: number };
  ignoreRange?: boolean;
  /** Send the first 64 KiB and the rest when this is kept. */
  until?: Promise<unknown>;
}

export interface Asked {
  method: string;
  path: string;
  authorization: string | undefined;
  range: string | undefined;
  /** `cdn` is another origin, to which the hub redirects for large files. */
  host: 'hub' | 'cdn';
}

interface HubModel {
  files: Map<string, Buffer>;
  commit: string;
}

export interface HubServer {
  endpoint: string;
  /** Models and data sets by id. */
  models: Map<string, HubModel>;
  /** Old names of models and their new ones. */
  moved: Map<string, string>;
  asked: Asked[];
  /** Bytes of content sent by path. */
  sent: Map<string, number>;
  /** Asked before each answer. */
  fault: (asked: Asked) => Fault | undefined;
  add(id: string, files: Record<string, string | Buffer>): HubModel;
  addFolder(id: string, folder: string): HubModel;
  close(): Promise<void>;
}

/** Files of this many bytes and more are in large-file storage. */
const large = 4096;

/**
 * A server on 127.0.0.1 that speaks as much of the Hugging Face hub's API as a download needs.
 * Source: hub documentation "Hub API endpoints"; huggingface_hub `file_download.py`.
 */
export async function startHubServer(): Promise<HubServer> {
  const hub: HubServer = {
    endpoint: '',
    models: new Map(),
    moved: new Map(),
    asked: [],
    sent: new Map(),
    fault: () => undefined,
    add(id, files) {
      const contents = Object.entries(files).map(([name, text]) => [name, Buffer.from(text)] as const);
      const model = { files: new Map(contents), commit: sha('sha1', Buffer.from(id + contents.join())) };
      hub.models.set(id, model);
      return model;
    },
    addFolder(id, folder) {
      const names = readdirSync(folder).filter((name) => statSync(join(folder, name)).isFile());
      return hub.add(id, Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name))])));
    },
    close: async () => {
      for (const server of servers) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  };
  const answer = (host: Asked['host']) => (request: IncomingMessage, response: ServerResponse) => {
    const { authorization, range } = request.headers;
    const asked = { method: request.method!, path: decodeURIComponent(request.url!), authorization, range, host };
    hub.asked.push(asked);
    const fault = hub.fault(asked) ?? {};
    const { status } = fault;
    if (status !== undefined) return void response.writeHead(status, fault.headers).end();
    const reply = host === 'cdn' ? cdnReply(hub, asked.path) : hubReply(hub, asked.path, cdnUrl);
    void send(hub, asked, response, reply, fault);
  };
  const servers = [createServer(answer('hub')), createServer(answer('cdn'))];
  hub.endpoint = await listen(servers[0]!);
  const cdnUrl = (await listen(servers[1]!)).replace('127.0.0.1', 'localhost'); // another host by name too
  return hub;
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

interface Reply {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

const json = (value: unknown): Reply => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from(JSON.stringify(value)),
});

const refuse = (status: number, code: string): Reply => ({
  status,
  headers: { 'x-error-code': code },
  body: Buffer.alloc(0),
});

function hubReply(hub: HubServer, path: string, cdn: string): Reply {
  const api = /^\/api\/(?:models|datasets)\/([^/]+\/[^/]+)\/(revision|tree)\/([^?]+)/.exec(path);
  const file = /^(?:\/datasets)?\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/([^?]+)/.exec(path);
  const id = (api ?? file)?.[1];
  if (id === undefined) return refuse(404, '');
  const now = hub.moved.get(id);
  if (now !== undefined) return { status: 307, headers: { location: path.replace(id, now) }, body: Buffer.alloc(0) };
  const model = hub.models.get(id);
  if (!model) return refuse(401, 'RepoNotFound');
  const revision = api ? api[3]! : file![2]!;
  if (revision !== 'main' && revision !== model.commit) return refuse(404, 'RevisionNotFound');
  if (api?.[2] === 'revision') return json(modelInfo(id, model));
  if (api) return json([...model.files].map(([name, bytes]) => treeEntry(name, bytes)));
  const bytes = model.files.get(file![3]!);
  if (!bytes) return refuse(404, 'EntryNotFound');
  const { oid, lfs } = treeEntry(file![3]!, bytes);
  const headers = { 'x-repo-commit': model.commit, etag: `"${lfs?.oid ?? oid}"`, 'accept-ranges': 'bytes' };
  if (!lfs) return { status: 200, headers, body: bytes };
  const linked = {
    'x-linked-etag': `"${lfs.oid}"`,
    'x-linked-size': String(bytes.length),
    'x-xet-hash': 'f'.repeat(64),
  };
  const location = `${cdn}/${id}/${file![3]}`;
  return { status: 302, headers: { ...headers, ...linked, location }, body: Buffer.alloc(0) };
}

function cdnReply(hub: HubServer, path: string): Reply {
  const [, owner, name, ...file] = path.split('/');
  const bytes = hub.models.get(`${owner}/${name}`)?.files.get(file.join('/'));
  if (!bytes) return refuse(404, '');
  return { status: 200, headers: { etag: `"${sha('sha256', bytes)}"`, 'accept-ranges': 'bytes' }, body: bytes };
}

const modelInfo = (id: string, { commit, files }: HubModel) => ({
  _id: 'a',
  id,
  modelId: id,
  sha: commit,
  private: false,
  gated: false,
  downloads: 0,
  likes: 0,
  tags: [],
  lastModified: '2025-01-01T00:00:00.000Z',
  createdAt: '2025-01-01T00:00:00.000Z',
  siblings: [...files.keys()].map((rfilename) => ({ rfilename })),
});

function treeEntry(path: string, bytes: Buffer) {
  const entry = { type: 'file', path, size: bytes.length };
  const gitHash = (content: Buffer) => sha('sha1', Buffer.concat([Buffer.from(`blob ${content.length}\0`), content]));
  if (bytes.length < large) return { ...entry, oid: gitHash(bytes), lfs: undefined };
  const pointer = Buffer.from(`version https://git-lfs.github.com/spec/v1\noid sha256:${sha('sha256', bytes)}\n`);
  const lfs = { oid: sha('sha256', bytes), size: bytes.length, pointerSize: pointer.length };
  return { ...entry, oid: gitHash(pointer), lfs };
}

const sha = (algorithm: string, bytes: Buffer) => createHash(algorithm).update(bytes).digest('hex');

async function send(hub: HubServer, asked: Asked, response: ServerResponse, reply: Reply, fault: Fault): Promise<void> {
  const { status, headers } = reply;
  const from = fault.ignoreRange ? undefined : /^bytes=(\d+)-/.exec(asked.range ?? '')?.[1];
  let { body } = reply;
  if (fault.corrupt) body = Buffer.concat([body.subarray(0, -1), Buffer.from([body.at(-1)! ^ 1])]);
  if (from !== undefined && status === 200) {
    const part = body.subarray(Number(from));
    const range = { 'content-range': `bytes ${from}-${body.length - 1}/${body.length}`, 'content-length': part.length };
    response.writeHead(206, { ...headers, ...range, ...fault.headers });
    body = part;
  } else response.writeHead(status, { ...headers, 'content-length': body.length, ...fault.headers });
  if (asked.method === 'HEAD') return void response.end();
  const step = fault.slow?.bytes ?? 65_536;
  const end = Math.min(body.length, fault.cutAfter ?? Infinity, fault.stallAfter ?? Infinity);
  for (let at = 0; at < end && !response.destroyed; at += step) {
    const piece = body.subarray(at, Math.min(end, at + step));
    await new Promise((resolve) => response.write(piece, resolve));
    hub.sent.set(asked.path, (hub.sent.get(asked.path) ?? 0) + piece.length);
    await fault.until;
    if (fault.slow) await new Promise((resolve) => setTimeout(resolve, fault.slow!.ms));
  }
  if (fault.cutAfter !== undefined && end < body.length) {
    await new Promise((resolve) => setTimeout(resolve, 30)); // what was written must leave before the reset
    return void response.destroy();
  }
  if (fault.stallAfter === undefined || end === body.length) response.end();
}
