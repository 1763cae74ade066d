import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { lifeOf, owner, ownerForm, ownerOf } from '../../../setup/lock/owner.mjs';

const deadPid = () => spawnSync(process.execPath, ['-e', '0']).pid;
/** An owner with one of its parts changed. */
const altered = (text: string, part: number, value: string) =>
  text
    .split('-')
    .map((old, index) => (index === part ? value : old))
    .join('-');

describe('lifeOf', () => {
  it('sees this process, another that runs, and one that has ended', () => {
    assert.equal(lifeOf(owner), 'alive');
    assert.equal(lifeOf(ownerOf(process.ppid)), 'alive');
    assert.equal(lifeOf(ownerOf(deadPid())), 'gone');
  });

  it('tells a process from an earlier one of the same number by its start', function () {
    if (process.platform !== 'linux') this.skip(); // elsewhere the start of a process is not looked up
    assert.equal(lifeOf(altered(ownerOf(process.ppid), 1, '1')), 'gone');
  });

  // A container looked for another's process among its own, found none, and took its lock and its partial files.
  it('says of a process in another namespace or of another boot that it cannot be seen', () => {
    const unknownMachine = altered(ownerOf(deadPid()), 2, '0');
    assert.equal(lifeOf(altered(unknownMachine, 4, 'abcdef01')), 'unseen');
    assert.equal(lifeOf(altered(unknownMachine, 3, 'abcdef01')), 'unseen');
    assert.equal(lifeOf('4711'), 'unseen');
    assert.equal(lifeOf(undefined), 'unseen');
  });

  it('knows that nothing runs on from before this machine was started', function () {
    if (owner.split('-')[2] === '0') this.skip(); // a container, which has no name of its own
    assert.equal(lifeOf(altered(altered(ownerOf(process.ppid), 3, 'abcdef01'), 4, 'abcdef02')), 'gone');
  });

  it('has a form that file names can carry', () => assert.match(owner, new RegExp(`^${ownerForm}$`)));
});
