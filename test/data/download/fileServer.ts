import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FileServer {
  /** Address to use as TERCET_MIRROR. */
  mirror: string;
  /** Contents by path, such as `/files.example/a.zip`. */
  files: Map<string, Buffer>;
  /** Path and Range header of each request. */
  asked: [path: string, range: string | undefined][];
  /** May answer in place of the server; says whether it did. */
  fault: (request: IncomingMessage, response: ServerResponse, body: Buffer | undefined) => boolean;
  close(): void;
}

/** A server of plain files on 127.0.0.1 that goes on in the middle of a file when it is asked to. */
export async function startFileServer(): Promise<FileServer> {
  const http = createServer((request, response) => {
    const path = request.url!;
    const range = request.headers.range;
    files.asked.push([path, range]);
    const body = files.files.get(path);
    if (files.fault(request, response, body)) return;
    if (!body) return void response.writeHead(404).end();
    const from = Number(/bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 0);
    const part = from > 0 ? { 'content-range': `bytes ${from}-${body.length - 1}/${body.length}` } : {};
    response.writeHead(from > 0 ? 206 : 200, { 'content-length': body.length - from, ...part });
    response.end(body.subarray(from));
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const files: FileServer = {
    mirror: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    files: new Map(),
    asked: [],
    fault: () => false,
    close() {
      http.closeAllConnections();
      http.close();
    },
  };
  return files;
}
