import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { encodeEvent, frame, openEventFile } from '../../../checkpoints/run/tensorboard.js';
import { useTemporaryFolder } from '../useTemporaryFolder.js';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('encodeEvent', () => {
  it('encodes a scalar as event.proto and summary.proto say', () => {
    const event = encodeEvent({ seconds: 1, step: 300, scalar: { tag: 'loss', value: 0.5 } });
    const expected = [
      '09 000000000000f03f', // field 1, eight bytes: 1 as a double
      '10 ac02', // field 2, varint: 300 = 0b10 0101100, lowest seven bits first
      '2a 0d', // field 5, 13 bytes: summary
      '0a 0b', // field 1, 11 bytes: value
      '0a 04 6c6f7373', // field 1, 4 bytes: "loss"
      '15 0000003f', // field 2, four bytes: 0.5 as a float
    ];
    assert.equal(hex(event), expected.join('').replaceAll(' ', ''));
  });

  it('leaves step 0 out, and encodes the start of a session', () => {
    assert.equal(hex(encodeEvent({ seconds: 0, step: 0 })), '090000000000000000');
    assert.equal(hex(encodeEvent({ seconds: 0, step: 1, isStart: true })), '090000000000000000' + '1001' + '3a020801');
  });
});

describe('frame', () => {
  it('puts length and masked checksums around the bytes', () => {
    // CRC-32C of "123456789" is e3069283: rotated right by 15 it is 2507c60d, plus a282ead8 it is c78ab0e5. That of the
    // length's eight bytes is 872fcb77, worked bit by bit with the polynomial 82f63b78; masked it is 3971f937.
    const record = frame(Buffer.from('123456789'));
    assert.equal(hex(record), '0900000000000000' + '37f97139' + '313233343536373839' + 'e5b08ac7');
  });
});

describe('openEventFile', () => {
  const place = useTemporaryFolder();

  it('begins with the version, then holds the scalars in order', async () => {
    const events = openEventFile(place('tb'), () => 2000);
    events.scalar('loss', 1, 1);
    events.scalar('loss', 2, 2);
    events.close();
    const [name] = await readdir(place('tb'));
    assert.match(name!, /^events\.out\.tfevents\.0000000002\./);
    const expected = [
      { seconds: 2, fileVersion: 'brain.Event:2' },
      { seconds: 2, step: 1, scalar: { tag: 'loss', value: 1 } },
      { seconds: 2, step: 2, scalar: { tag: 'loss', value: 2 } },
    ].map((event) => frame(encodeEvent(event)));
    assert.deepEqual(await readFile(place(`tb/${name}`)), Buffer.concat(expected));
  });

  it('goes on in a file that sorts after the first, which says from which step on earlier files do not count', async () => {
    openEventFile(place(), () => 2000).close();
    openEventFile(place(), () => 2000, 101).close();
    const names = (await readdir(place())).sort();
    assert.match(names[1]!, /^events\.out\.tfevents\.0000000003\./);
    const expected = [
      { seconds: 2, fileVersion: 'brain.Event:2' },
      { seconds: 2, step: 101, isStart: true },
    ].map((event) => frame(encodeEvent(event)));
    assert.deepEqual(await readFile(place(names[1])), Buffer.concat(expected));
  });

  it('shows what it gathered when some seconds have passed', async () => {
    let now = 0;
    const events = openEventFile(place(), () => now);
    const [name] = await readdir(place());
    const size = async () => (await readFile(place(name))).length;
    const before = await size();
    events.scalar('loss', 1, 1);
    assert.equal(await size(), before);
    now = 6000;
    events.scalar('loss', 1, 2);
    assert.ok((await size()) > before);
    events.close();
  });
});
