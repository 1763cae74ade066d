import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { UserError } from '../../../../configs/userError.js';
import { readUrl } from '../../../../data/download/web/openUrl.js';
import { proxyVariable, webFetch } from '../../../../data/download/web/webFetch.js';

describe('webFetch', () => {
  let server: Server;
  let proxy: Server;
  let asked: string[];
  let refuses = false;
  const found = process.env['HTTP_PROXY'];

  before(async () => {
    server = createServer((request, response) => response.end(`${request.headers.host} gives ${request.url}`));
    proxy = createServer().on('connect', (request, socket) => {
      asked.push(request.url!);
      if (refuses) return void socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
      const there = connect((server.address() as AddressInfo).port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        there.pipe(socket).pipe(there);
      });
      socket.on('error', () => there.destroy());
    });
    for (const each of [server, proxy]) await new Promise<void>((resolve) => each.listen(0, '127.0.0.1', resolve));
    process.env['HTTP_PROXY'] = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    process.env['NO_PROXY'] = 'near.invalid';
  });
  after(() => {
    if (found === undefined) delete process.env['HTTP_PROXY'];
    else process.env['HTTP_PROXY'] = found;
    delete process.env['NO_PROXY'];
    for (const each of [server, proxy]) each.closeAllConnections();
    server.close();
    proxy.close();
  });
  beforeEach(() => {
    asked = [];
  });

  it('goes through the proxy that the environment names, to names that only the proxy knows', async () => {
    assert.equal((await readUrl('http://hub.invalid/a')).text, 'hub.invalid gives /a');
    assert.deepEqual(asked, ['hub.invalid:80']);
  });

  it('goes straight to hosts that NO_PROXY names, and to this machine', async () => {
    await assert.rejects(readUrl('http://near.invalid/'), /^Error: (no address is known|no name server answers)/);
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    assert.equal((await readUrl(`http://${host}/b`)).text, `${host} gives /b`);
    assert.deepEqual(asked, []);
  });

  // fetch refuses such a URL, and its message shows the password.
  it('sends the user and password of a URL in a header, and no others beside those that were given', async () => {
    const { port } = server.address() as AddressInfo;
    const sent: (string | undefined)[] = [];
    const keep = (request: IncomingMessage) => void sent.push(request.headers.authorization);
    server.on('request', keep);
    await webFetch(`http://me%40home:a%3Ab@127.0.0.1:${port}/`, {});
    await webFetch(`http://me:secret@127.0.0.1:${port}/`, { headers: { authorization: 'Bearer t' } });
    server.off('request', keep);
    assert.deepEqual(sent, [`Basic ${Buffer.from('me@home:a:b').toString('base64')}`, 'Bearer t']);
  });

  it('reads exceptions as curl does: hosts, domains with and without a dot, ports, all', () => {
    const excepts = (entries: string, url: string) => {
      process.env['NO_PROXY'] = entries;
      return proxyVariable(url) === undefined;
    };
    assert.ok(excepts('a.org, b.org', 'http://b.org/x'));
    for (const entry of ['b.org', '.b.org', '*.b.org', 'B.ORG', '*'])
      assert.ok(excepts(entry, 'http://a.b.org'), entry);
    assert.ok(excepts('b.org:81', 'http://b.org:81') && !excepts('b.org:81', 'http://b.org'));
    for (const entry of ['org.b', 'ab.org', '', ',']) assert.ok(!excepts(entry, 'http://b.org'), entry);
    process.env['NO_PROXY'] = '';
    assert.equal(proxyVariable('http://127.0.0.1:81'), undefined);
    assert.equal(proxyVariable('https://b.org'), undefined); // HTTP_PROXY is for http alone
  });

  it('says that the proxy refuses', async () => {
    refuses = true;
    await assert.rejects(
      readUrl('http://other.invalid/'),
      (error) =>
        error instanceof UserError &&
        error.message === 'the proxy in HTTP_PROXY answers 407 for other.invalid; check its address',
    );
  });
});
