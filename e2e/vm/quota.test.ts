/** Sizes of containers' file systems, limited by the project quotas of xfs and ext4. */
import test from 'ava';
import {type Guest, hasVirtualMachines, importBox, installPackages, isLong, openGuest} from './guest.ts';

const story = hasVirtualMachines && isLong ? test.serial : test.serial.skip;
let guest: Guest;
const sh = (command: string) => guest.sh(command);

if (hasVirtualMachines && isLong) {
  test.before('a machine boots', async () => {
    guest = await openGuest({packages: ['0.1.0']});
    await installPackages(guest, '0.1.0');
  });
  test.after.always('and is switched off', () => guest?.[Symbol.asyncDispose]());
}

const makes: [name: string, command: string][] = [
  ['xfs', 'mkfs.xfs -q /root/disk'],
  ['ext4', 'mkfs.ext4 -q -O quota,project -E quotatype=prjquota /root/disk'],
];
for (const [name, command] of makes) {
  story(`${name}: a container does not grow beyond its size, and the others do`, async t => {
    await sh(`systemctl stop docker.socket docker.service containerd.service
rm -rf /var/lib/docker /var/lib/containerd; truncate -s 0 /root/disk; truncate -s 2G /root/disk; ${command}
mkdir -p /mnt/big; mount -o loop,prjquota /root/disk /mnt/big; mkdir /mnt/big/docker /mnt/big/containerd
ln -s /mnt/big/docker /var/lib/docker; ln -s /mnt/big/containerd /var/lib/containerd
systemctl start containerd.service docker.socket`);
    t.teardown(async () => {
      await sh(`docker rm -f limited; systemctl stop docker.socket docker.service containerd.service
umount /mnt/big; rm /var/lib/docker /var/lib/containerd; systemctl start containerd.service docker.socket`);
    });
    await sh(importBox);
    const fill = "sh -c 'dd if=/dev/zero of=/big bs=1M count=40 2>&1; stat -c %s /big'";
    const limited = await sh(`docker run --name limited --storage-opt size=20M box ${fill} 2>&1 || true`);
    t.regex(limited, /(No space left on device|Disk quota exceeded)/);
    t.true(Number(limited.split('\n').at(-1)) <= 20 * 1024 * 1024, limited);
    t.regex(await sh(`docker run --rm box ${fill}`), /41943040$/);
    t.regex(await sh('docker run --rm --storage-opt size=20M box df -k / | tail -n 1'), /\b20480\b/);
    t.is((await guest.machine.run('docker create --storage-opt inodes=5 box true')).code, 1);
  });
}

story('without quotas a size is refused', async t => {
  await sh(importBox);
  const {stderr} = await guest.machine.run('docker create --storage-opt size=20M box true');
  t.regex(stderr, /--storage-opt is supported only for overlay over xfs with 'pquota' mount option/);
});
