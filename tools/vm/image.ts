/**
 * Disk images of the guests: made by mmdebstrap and mke2fs without loop devices, kept in a cache under a name that is the
 * hash of all that goes into them, so that a change of the recipe makes a new one and nothing else does.
 */
import {createHash} from 'node:crypto';
import {
  chmod,
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import {homedir} from 'node:os';
import {join} from 'node:path';
import {env} from 'node:process';
import {execa} from 'execa';
import {diskBytes, packages, suite, type Variant} from './variants.ts';

/** A bootable guest on disk. All files are read-only to machines, which write to overlays. */
export interface Image {
  /** Raw ext4 file system, the guest's root. */
  disk: string;
  kernel: string;
  initrd: string;
}

const guestFiles = join(import.meta.dirname, 'guest');

/** Where images are kept: `LONGSHORE_VM_CACHE`, or the user's cache directory. */
export const cacheDirectory = (): string =>
  env.LONGSHORE_VM_CACHE ?? join(env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'longshore', 'vm');

/**
 * The image of a variant, made when the cache does not have it (about a minute, from Debian's mirror that this machine's
 * apt uses).
 *
 * @throws Error when mmdebstrap or mke2fs fails, with its last lines
 */
export async function ensureImage(variant: Variant, log: (line: string) => void): Promise<Image> {
  const directory = join(cacheDirectory(), await recipeHash(variant));
  const image = {
    disk: join(directory, 'disk.raw'),
    kernel: join(directory, 'vmlinuz'),
    initrd: join(directory, 'initrd'),
  };
  if (await exists(image.initrd)) return image;
  await mkdir(cacheDirectory(), {recursive: true});
  const work = await mkdtemp(join(cacheDirectory(), `.${variant}-`));
  try {
    const root = join(work, 'root');
    log(`making the guest "${variant}" (mmdebstrap, ${packages[variant].length} packages)`);
    await bootstrap(variant, root);
    await customise(root);
    const boot = await readdir(join(root, 'boot'));
    const made = join(work, 'image');
    await mkdir(made);
    await makeFileSystem(root, join(made, 'disk.raw'), diskBytes);
    await copyFile(join(root, 'boot', only(boot, 'vmlinuz-')), join(made, 'vmlinuz'));
    await copyFile(join(root, 'boot', only(boot, 'initrd.img-')), join(made, 'initrd'));
    await writeFile(join(made, 'variant'), `${variant}\n`);
    // Another run may have been faster: its image is as good.
    await rename(made, directory).catch(async error => {
      if (!(await exists(image.initrd))) throw error;
    });
  } finally {
    await rm(work, {recursive: true, force: true});
  }
  return image;
}

/**
 * Makes a sparse ext4 file system that holds what a directory holds.
 *
 * @param bytes its size
 */
export async function makeFileSystem(from: string, file: string, bytes: number, label = 'longshore'): Promise<void> {
  await execa('truncate', ['-s', String(bytes), file]);
  await execa(
    'mke2fs',
    ['-q', '-t', 'ext4', '-E', 'lazy_itable_init=1,lazy_journal_init=1,root_owner=0:0'].concat(
      '-L',
      label,
      '-d',
      from,
      file,
    ),
  );
}

async function recipeHash(variant: Variant): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([suite, variant, packages[variant], diskBytes]));
  hash.update(await readFile(import.meta.filename));
  hash.update(await readFile(join(guestFiles, 'longshore-agent.service')));
  return `${variant}-${hash.digest('hex').slice(0, 16)}`;
}

async function bootstrap(variant: Variant, root: string): Promise<void> {
  const excluded = ['doc', 'man', 'locale', 'info'].flatMap(name => ['--dpkgopt', `path-exclude=/usr/share/${name}/*`]);
  const {exitCode, stderr} = await execa(
    'mmdebstrap',
    ['--variant=minbase', '--mode=root', '--format=directory', `--include=${packages[variant].join(',')}`]
      .concat(['--aptopt=Acquire::Languages "none"'], excluded)
      .concat(suite, root, await debianSources()),
    {reject: false, stdin: 'ignore'},
  );
  if (exitCode !== 0) throw new Error(`mmdebstrap failed:\n${stderr.split('\n').slice(-15).join('\n')}`);
}

/** The machine's own sources of Debian packages: its mirror is the one that can be reached. */
async function debianSources(): Promise<string[]> {
  const own = '/etc/apt/sources.list.d/debian.sources';
  return (await exists(own)) ? [own] : [];
}

async function customise(root: string): Promise<void> {
  const etc = join(root, 'etc');
  await writeFile(join(etc, 'hostname'), 'longshore\n');
  await writeFile(join(etc, 'hosts'), '127.0.0.1 localhost longshore\n::1 localhost\n');
  await writeFile(join(etc, 'fstab'), '/dev/vda / ext4 defaults 0 1\n/dev/vdb /longshore ext4 ro 0 0\n');
  await mkdir(join(root, 'longshore'), {recursive: true});
  await copyFile(join(guestFiles, 'longshore-agent.service'), join(etc, 'systemd/system/longshore-agent.service'));
  const wants = join(etc, 'systemd/system/multi-user.target.wants');
  await mkdir(wants, {recursive: true});
  await symlink('/etc/systemd/system/longshore-agent.service', join(wants, 'longshore-agent.service'));
  // The originals of the variant "peers" are started by tests only.
  for (const unit of ['docker.service', 'docker.socket', 'containerd.service', 'docker-registry.service']) {
    for (const target of ['multi-user.target', 'sockets.target']) {
      await rm(join(etc, `systemd/system/${target}.wants`, unit), {force: true});
    }
  }
  await mkdir(join(etc, 'modules-load.d'), {recursive: true});
  await writeFile(join(etc, 'modules-load.d/virtio.conf'), 'virtio_console\noverlay\nbr_netfilter\n');
  await chmod(join(root, 'root'), 0o700);
  // A user for rootless engines, with subordinate ids.
  await execa('chroot', [root, 'useradd', '--create-home', '--uid', '1000', '--shell', '/bin/bash', 'dev']);
  await writeFile(join(etc, 'subuid'), 'dev:100000:65536\n');
  await writeFile(join(etc, 'subgid'), 'dev:100000:65536\n');
}

function only(names: string[], prefix: string): string {
  const found = names.filter(name => name.startsWith(prefix));
  if (found.length !== 1) throw new Error(`one file ${prefix}* was expected in /boot and there are ${found.length}`);
  return found[0] as string;
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
