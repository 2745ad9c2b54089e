import test from 'ava';
import {
  MS_BIND,
  MS_NOSUID,
  MS_PRIVATE,
  MS_RDONLY,
  MS_REC,
  MS_SLAVE,
  mountOf,
  parseMountInfo,
  parseMountOptions,
  readMountInfo,
} from './index.ts';
import {splitOverlayOptions} from './mount-overlay.ts';

const text = `22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,errors=remount-ro
36 22 98:0 /root\\040dir /mnt\\011tab\\134x rw,noatime shared:3 master:1 - fuse.sshfs user@host:/a\\040b rw,user_id=0
40 22 0:4 / /proc rw - proc proc rw
41 36 0:41 / /mnt rw unbindable - tmpfs - rw,size=1k
nonsense
`;

test('every field is parsed, with the octal escapes resolved', t => {
  const mounts = parseMountInfo(text);
  t.is(mounts.length, 4);
  t.deepEqual(mounts[1], {
    id: 36,
    parentId: 22,
    major: 98,
    minor: 0,
    root: '/root dir',
    mountPoint: '/mnt\ttab\\x',
    options: ['rw', 'noatime'],
    optionalFields: ['shared:3', 'master:1'],
    type: 'fuse.sshfs',
    source: 'user@host:/a b',
    superOptions: ['rw', 'user_id=0'],
  });
  t.deepEqual(mounts[2]!.optionalFields, []);
  t.like(mounts[3], {type: 'tmpfs', source: '-', optionalFields: ['unbindable']});
});

test('the mount of a path is the last one above it', t => {
  const mounts = parseMountInfo(`${text}50 22 0:50 / /mnt rw - tmpfs upper rw\n`);
  t.is(mountOf('/mnt/a/b', mounts)!.source, 'upper');
  t.is(mountOf('/mntx', mounts)!.id, 22);
  t.is(mountOf('/', mounts)!.id, 22);
  t.true(readMountInfo().some(mount => mount.type === 'proc'));
});

test('mount options are sorted into flags, propagation and data', t => {
  t.deepEqual(parseMountOptions(['rbind', 'ro', 'nosuid', 'suid', 'rprivate', 'slave', 'size=10m', 'mode=755']), {
    flags: MS_BIND | MS_REC | MS_RDONLY,
    propagation: [MS_PRIVATE | MS_REC, MS_SLAVE],
    data: 'size=10m,mode=755',
  });
  t.is(parseMountOptions(['ro', 'nosuid', 'rw']).flags, MS_NOSUID);
  t.is(parseMountOptions(['toString']).data, 'toString');
  for (const option of ['loop=/dev/loop0', 'X-containerd.mkdir.path=/x'])
    t.throws(() => parseMountOptions([option]), {code: 'unimplemented'});
});

test('overlay options are split at what is not escaped', t => {
  t.deepEqual(splitOverlayOptions('lowerdir=/a\\:b:/c\\,d,upperdir=/u,userxattr'), [
    ['lowerdir+', '/a\\:b'],
    ['lowerdir+', '/c\\,d'],
    ['upperdir', '/u'],
    ['userxattr', undefined],
  ]);
  t.throws(() => splitOverlayOptions('lowerdir=/a::/b'), {code: 'invalid-argument'});
});
