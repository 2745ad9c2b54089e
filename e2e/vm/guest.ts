/** Guests for the suites of this directory: a Debian with systemd, cgroup v2 and AppArmor, and Longshore's packages beside it. */
import {existsSync} from 'node:fs';
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import {env} from 'node:process';
import {execa} from 'execa';
import {ensureImage} from '../../tools/vm/image.ts';
import {Machine} from '../../tools/vm/machine.ts';
import {makePayload} from '../../tools/vm/payload.ts';
import type {Variant} from '../../tools/vm/variants.ts';

/** The long form of the suites: `npm run test:vm`, or LONGSHORE_LONG=1. */
export const isLong = env.LONGSHORE_LONG === '1';

const root = resolve(import.meta.dirname, '../..');

export interface GuestOptions {
  variant?: Variant;
  /** Versions of the packages to make; none are made without. */
  packages?: string[];
  repository?: boolean;
}

/** A machine that has booted, with a disk that nobody has used before. */
export interface Guest extends AsyncDisposable {
  machine: Machine;
  /** What a shell command in the guest writes to its standard output; throws when it fails. */
  sh(command: string): Promise<string>;
}

/** Programs without which there are no guests. */
export const hasVirtualMachines = ['qemu-system-x86_64', 'qemu-img', 'mmdebstrap', 'mke2fs', 'dpkg-deb'].every(name =>
  ['/usr/bin', '/usr/sbin', '/sbin', '/bin'].some(directory => existsSync(join(directory, name))),
);

/** Makes what a guest needs, and boots it. Everything of it is below one temporary directory, which goes with it. */
export async function openGuest({variant = 'admin', packages = [], repository = false}: GuestOptions): Promise<Guest> {
  const directory = await mkdtemp(join(tmpdir(), 'ls-vm-'));
  let machine: Machine | undefined;
  const dispose = async () => {
    await machine?.[Symbol.asyncDispose]();
    await rm(directory, {recursive: true, force: true});
  };
  try {
    const image = await ensureImage(variant, line => console.log(line));
    const debs = join(directory, 'packages');
    for (const version of packages) {
      await execa('node', ['tools/package/main.ts', '--version', version, '--to', debs], {
        cwd: root,
        preferLocal: true,
      });
    }
    const payload = await makePayload({directory, repository, ...(packages.length > 0 ? {packages: debs} : {})});
    await rm(debs, {recursive: true, force: true});
    machine = await Machine.make({directory: join(directory, 'machine'), image, payload});
    await machine.start();
    const started = machine;
    return {machine, sh: command => started.check(command), [Symbol.asyncDispose]: dispose};
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** Installs the packages of a version in the guest. Their writes need not survive a power cut: that is dpkg's matter. */
export async function installPackages({sh}: Guest, version: string): Promise<string> {
  return await sh(
    `DEBIAN_FRONTEND=noninteractive dpkg -i --force-unsafe-io /longshore/packages/*_${version}_*.deb 2>&1`,
  );
}

/** An image `box` of busybox with all its applets, made in the guest. */
export const importBox = `set -e
rm -rf /root/box; mkdir -p /root/box/bin /root/box/etc /root/box/tmp
cp /bin/busybox /root/box/bin/
for name in $(busybox --list); do [ "$name" = busybox ] || ln -s busybox "/root/box/bin/$name"; done
echo root:x:0:0::/root:/bin/sh >/root/box/etc/passwd
tar -C /root/box -c . | docker import - box
rm -rf /root/box`;
