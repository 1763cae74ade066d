import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { UserError } from '../../../../configs/userError.js';
import { fetchFile, type FileToFetch } from '../../../../data/download/web/fetchFile.js';
import { requireSpace } from '../../../../data/download/requireSpace.js';
import { useTemporaryFolder } from '../../../checkpoints/useTemporaryFolder.js';

describe('fetchFile', () => {
  const inFolder = useTemporaryFolder();
  const content = Buffer.from(Uint8Array.from({ length: 200_000 }, (_, i) => (i * 31) % 253));
  const md5 = { algorithm: 'md5', hex: createHash('md5').update(content).digest('hex') } as const;
  let server: Server;
  let url: string;
  let asked: IncomingMessage[];
  let answer: (request: IncomingMessage, response: ServerResponse, number: number) => void;

  beforeEach(async () => {
    asked = [];
    answer = whole;
    server = createServer((request, response) => answer(request, response, asked.push(request)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/data.bin`;
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const whole = (request: IncomingMessage, response: ServerResponse) => {
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    if (from > 0) response.writeHead(206, { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` });
    response.end(content.subarray(from));
  };
  const cut = (response: ServerResponse, bytes: number, headers = {}) => {
    response.writeHead(200, { 'content-length': content.length, ...headers });
    response.write(content.subarray(0, bytes), () => setTimeout(() => response.destroy(), 30));
  };

  const patience = { tries: 3, firstWaitMs: 1, longestWaitMs: 100 };
  const path = () => inFolder('below/data.bin');
  const fetchIt = (more: Partial<FileToFetch> = {}) => fetchFile({ url, path: path(), patience, ...more });
  const refusal = async (work: Promise<void>) => {
    const error: unknown = await work.then(
      () => assert.fail('nothing was refused'),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof UserError, String(error));
    assert.ok(!error.message.includes('\n'));
    return error.message.replaceAll(url, 'URL').replaceAll(new URL(url).host, 'HOST');
  };

  // A page that asks for a login came in the place of two million bytes, and was taken for them.
  it('refuses what is no such file, where no hash tells: a web page, another size, another beginning', async () => {
    const send = (bytes: string, type: string) => {
      answer = (_, response) => response.writeHead(200, { 'content-type': type }).end(bytes);
    };
    send('<!DOCTYPE html><title>log in</title>', 'text/html; charset=utf-8');
    assert.match(
      await refusal(fetchIt()),
      /^URL answers with a web page \(text\/html; charset=utf-8\), as for a login; /,
    );
    send('\n<html>log in</html>', 'application/octet-stream');
    assert.match(
      await refusal(fetchIt()),
      /^URL cannot be used: it is a web page; it is not the file that was published/,
    );
    // Of no stated length, again and again: it was asked for without end.
    assert.match(await refusal(fetchIt({ size: 2_000_000 })), /^HOST ended early$/);
    send('plain', 'application/octet-stream');
    const gzip = fetchIt({ path: inFolder('below/rows.tsv.gz') });
    assert.match(await refusal(gzip), /cannot be used: it does not begin as \.gz files do/);
    assert.ok(!existsSync(path()) && !existsSync(inFolder('below/rows.tsv.gz')));
  });

  it('without a hash goes on in a later process with what the server says is the same file', async () => {
    const etag = '"v1"';
    answer = (_, response) => cut(response, 80_000, { etag });
    await refusal(fetchIt({ patience: { ...patience, tries: 1 } }));
    const from: unknown[] = [];
    answer = (request, response) => {
      from.push([request.headers.range, request.headers['if-range']]);
      response.setHeader('etag', etag);
      whole(request, response);
    };
    await fetchIt();
    assert.deepEqual(from, [['bytes=80000-', etag]]);
    assert.deepEqual(await readFile(path()), content);
    assert.deepEqual(await readdir(inFolder('below')), ['data.bin']);
  });

  it('writes a file of unknown size and hash under its name, and nothing beside it', async () => {
    const seen: number[] = [];
    await fetchIt({ onProgress: (bytes) => seen.push(bytes) });
    assert.deepEqual(await readFile(path()), content);
    assert.deepEqual(await readdir(inFolder('below')), ['data.bin']);
    assert.equal(seen[0], 0);
    assert.equal(seen.at(-1), content.length);
  });

  it('goes on with what an earlier process left when a hash can tell that it is right', async () => {
    await fetchIt().then(() => {});
    await writeFile(`${path()}.incomplete`, content.subarray(0, 150_000));
    asked.length = 0;
    await fetchIt({ hash: md5 });
    assert.deepEqual(
      asked.map(({ headers }) => headers.range),
      ['bytes=150000-'],
    );
    await writeFile(`${path()}.incomplete`, Buffer.alloc(150_000, 1));
    asked.length = 0;
    await fetchIt();
    assert.deepEqual(
      asked.map(({ headers }) => headers.range),
      [undefined],
    );
    assert.deepEqual(await readFile(path()), content);
  });

  it('asks for nothing when all bytes are there', async () => {
    await fetchIt();
    await writeFile(`${path()}.incomplete`, content);
    asked.length = 0;
    await fetchIt({ hash: md5, size: content.length });
    assert.equal(asked.length, 0);
    await writeFile(`${path()}.incomplete`, content);
    answer = (_, response) => response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end();
    await fetchIt({ hash: md5 });
    assert.deepEqual(await readFile(path()), content);
  });

  it('without a hash goes on only while the server says that the file is the same', async () => {
    answer = (request, response, number) =>
      number === 1 ? cut(response, 90_000, { etag: '"v1"' }) : whole(request, response);
    await fetchIt();
    assert.deepEqual([asked[1]!.headers.range, asked[1]!.headers['if-range']], ['bytes=90000-', '"v1"']);
    assert.deepEqual(await readFile(path()), content);
    answer = (request, response, number) => (number === 3 ? cut(response, 90_000) : whole(request, response));
    await fetchIt();
    assert.equal(asked[3]!.headers.range, undefined);
  });

  it('asks for the file as it is, since a compressed answer cannot be gone on with', async () => {
    await fetchIt();
    assert.equal(asked[0]!.headers['accept-encoding'], 'identity');
  });

  it('starts over when the server sends another part than it was asked for', async () => {
    await fetchIt();
    await writeFile(`${path()}.incomplete`, content.subarray(0, 100));
    answer = (request, response, number) => {
      if (number !== 2) return whole(request, response);
      response.writeHead(206, { 'content-range': `bytes 50-${content.length - 1}/${content.length}` });
      response.end(content.subarray(50));
    };
    await fetchIt({ hash: md5 });
    assert.deepEqual(await readFile(path()), content);
  });

  it('keeps the older file when the new one is wrong', async () => {
    await fetchIt();
    const wrong = { ...md5, hex: '0'.repeat(32) };
    assert.equal(
      await refusal(fetchIt({ hash: wrong })),
      `URL must have the md5 ${wrong.hex}; got ${md5.hex}; it is not the file that was published; try again later, or from elsewhere`,
    );
    assert.deepEqual(await readdir(inFolder('below')), ['data.bin']);
    assert.deepEqual(await readFile(path()), content);
  });

  it('refuses more bytes than there should be, whatever the header says', async () => {
    answer = (_, response) => void response.write(content); // chunked, without a length
    assert.match(await refusal(fetchIt({ size: 1000 })), /^URL must have 1000 bytes; the server sends more; /);
  });

  it('tells a refusal at once, and an error of the server after some tries', async () => {
    answer = (_, response) => response.writeHead(404, { 'x-error-message': 'Entry not found' }).end();
    assert.equal(await refusal(fetchIt()), 'HOST answers 404 Not Found for /data.bin: Entry not found');
    assert.equal(asked.length, 1);
    answer = (_, response) => response.writeHead(503).end();
    assert.equal(await refusal(fetchIt()), 'HOST answers 503 Service Unavailable for /data.bin');
    assert.equal(asked.length, 1 + patience.tries);
  });

  it('goes on for as long as each try brings something', async () => {
    answer = (request, response) => {
      const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
      const part = content.subarray(from, from + 30_000);
      const range = { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` };
      response.writeHead(from > 0 ? 206 : 200, { 'content-length': content.length - from, ...(from > 0 && range) });
      response.write(part, () => setTimeout(() => response.destroy(), 20));
    };
    await fetchIt({ hash: md5, size: content.length });
    assert.deepEqual(await readFile(path()), content);
    assert.equal(asked.length, Math.ceil(content.length / 30_000));
  });

  it('stops when it is told to, and keeps what has come', async () => {
    const stop = new AbortController();
    answer = (_, response) =>
      void response.writeHead(200, { 'content-length': content.length }).write(content.subarray(0, 65_536));
    const work = fetchIt({
      hash: md5,
      signal: stop.signal,
      onProgress: (bytes) => bytes > 0 && stop.abort(new UserError('enough')),
    });
    assert.equal(await refusal(work), 'enough');
    assert.ok(existsSync(`${path()}.incomplete`));
  });

  it('says in one line that the place cannot be written', async () => {
    await writeFile(inFolder('below'), 'a file');
    assert.match(await refusal(fetchIt()), /^cannot write .*: a file is in the place of a folder on the way/);
  });
});

describe('requireSpace', () => {
  const inFolder = useTemporaryFolder();

  it('refuses what the disk of a folder cannot take, also when the folder is to be made', () => {
    requireSpace(inFolder('a/b'), 1000, 'a download', 'name another place');
    assert.throws(
      () => requireSpace(inFolder('a/b'), 1e18, 'a download', 'name another place'),
      (error) =>
        error instanceof UserError &&
        /^a download needs 1000000000\.0 GB; \d+\.\d GB are free at .*a\/b; make room, or name another place$/.test(
          error.message,
        ),
    );
  });
});
