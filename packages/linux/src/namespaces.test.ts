import {existsSync, readlinkSync} from 'node:fs';
import {
  AT_FDCWD,
  closeFd,
  createNetns,
  deleteNetns,
  inNetns,
  isMountPoint,
  netnsIno,
  O_RDONLY,
  openAt,
  openNetlink,
  readKernelFile,
  writeKernelFile,
} from './index.ts';
import {rootTest, tempDir} from './test-support.ts';

rootTest('a namespace is made, pinned, entered and left, and ends with its file', t => {
  const path = `${tempDir(t)}/netns`;
  const home = netnsIno();
  createNetns(path);
  t.true(isMountPoint(path));
  t.is(netnsIno(), home, 'the thread came back');
  const ino = netnsIno(path);
  t.not(ino, home);
  t.is(inNetns(path, netnsIno), ino);
  t.is(netnsIno(), home);
  const fd = openAt(AT_FDCWD, path, O_RDONLY);
  t.is(
    inNetns(fd, () => readlinkSync('/proc/thread-self/ns/net')),
    `net:[${ino}]`,
  );
  closeFd(fd);
  t.throws(() => createNetns(path), {code: 'already-exists'});
  deleteNetns(path);
  t.false(existsSync(path));
  deleteNetns(path);
});

rootTest('an error inside comes out, with the thread at home', t => {
  const path = `${tempDir(t)}/netns`;
  const home = netnsIno();
  createNetns(path);
  t.throws(
    () =>
      inNetns(path, () => {
        throw new Error('inside');
      }),
    {message: 'inside'},
  );
  t.is(netnsIno(), home);
  t.throws(() => inNetns(path, () => Promise.resolve()), {message: /must not be async/});
  t.is(netnsIno(), home);
  t.throws(() => inNetns(`${path}x`, () => 1), {code: 'not-found'});
  deleteNetns(path);
});

rootTest('a socket opened inside stays there, and /proc/sys/net is the namespace of the moment', t => {
  const path = `${tempDir(t)}/netns`;
  createNetns(path);
  using inside = inNetns(path, openNetlink);
  inside.linkAddBridge('only-inside');
  t.deepEqual(
    inside.linkList().map(link => link.name),
    ['lo', 'only-inside'],
  );
  using outside = openNetlink();
  t.deepEqual(
    outside.linkList().map(link => link.name),
    ['lo'],
  );
  const setting = '/proc/sys/net/ipv4/ip_forward';
  const before = readKernelFile(setting);
  inNetns(path, () => writeKernelFile(setting, before.trim() === '1' ? '0' : '1'));
  t.is(readKernelFile(setting), before);
  t.not(
    inNetns(path, () => readKernelFile(setting)),
    before,
  );
  deleteNetns(path);
});

rootTest('a namespace that cannot be pinned leaves no file and no stray thread', t => {
  const home = netnsIno();
  t.throws(() => createNetns(`${tempDir(t)}/no/such/directory`), {code: 'not-found'});
  t.is(netnsIno(), home);
});
