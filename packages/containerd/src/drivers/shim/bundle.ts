/** Bundle directories: `<state>/io.containerd.runtime.v2.task/<namespace>/<id>`, with a work directory under the root. */
import {chmod, chown, mkdir, readdir, rename, rm, rmdir, symlink, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {readFileIfExists, writeFileAtomic} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {mkfifo, unmountAll} from '@longshore/linux';
import {quote} from '../../core/names.ts';
import {type Bootstrap, formatBootstrap, parseBootstrap} from './bootstrap.ts';

const plugin = 'io.containerd.runtime.v2.task';

export interface BundleRoots {
  /** Persistent directory of the daemon. */
  root: string;
  /** Runtime directory of the daemon, on tmpfs. */
  state: string;
}

export class Bundle {
  readonly namespace: string;
  readonly id: string;
  readonly path: string;
  readonly #work: string;

  constructor(roots: BundleRoots, namespace: string, id: string) {
    this.namespace = namespace;
    this.id = id;
    this.path = join(roots.state, plugin, namespace, id);
    this.#work = join(roots.root, plugin, namespace, id);
  }

  file(name: string): string {
    return join(this.path, name);
  }

  /** Nothing is left over when it throws. Throws already-exists. */
  async create(spec: Uint8Array): Promise<void> {
    await mkdir(join(this.path, '..'), {recursive: true, mode: 0o711});
    await mkdir(join(this.#work, '..'), {recursive: true, mode: 0o711});
    try {
      await mkdir(this.path, {mode: 0o700});
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      throw new EngineError('already-exists', `bundle ${quote(this.path)}: already exists`, {cause: error});
    }
    try {
      await this.#fill(spec);
    } catch (error) {
      await this.remove();
      throw error;
    }
  }

  /** Unmounts what is mounted in it and removes it together with its work directory. */
  async remove(): Promise<void> {
    const rootfs = this.file('rootfs');
    unmountAll(rootfs);
    // rmdir, not rm: were anything still mounted or stored there, it is not ours to delete.
    await ignoreMissing(rmdir(rootfs));
    await removeRenamed(this.path);
    await removeRenamed(this.#work);
  }

  /** True when its creation was cut off: no shim was started in it. */
  async isHalfMade(): Promise<boolean> {
    const names = await readdir(this.path);
    return !['log', 'bootstrap.json', 'address', 'shim-binary-path'].some(name => names.includes(name));
  }

  async readBootstrap(): Promise<Bootstrap | undefined> {
    const text = await readFileIfExists(this.file('bootstrap.json'));
    if (text !== undefined) return parseBootstrap(text);
    // A shim of containerd 1.x wrote its address itself.
    const address = await readFileIfExists(this.file('address'));
    return address === undefined ? undefined : parseBootstrap(address);
  }

  async writeBootstrap(bootstrap: Bootstrap, shimPath: string): Promise<void> {
    await writeFileAtomic(this.file('bootstrap.json'), formatBootstrap(bootstrap), {mode: 0o644, durable: false});
    await writeFileAtomic(this.file('shim-binary-path'), shimPath, {mode: 0o600, durable: false});
  }

  /** Which sandbox this bundle belongs to; its own id for the bundle of the sandbox itself. */
  async writeSandbox(id: string): Promise<void> {
    await writeFileAtomic(this.file('sandbox'), id, {mode: 0o600, durable: false});
  }

  async readSandbox(): Promise<string | undefined> {
    return readFileIfExists(this.file('sandbox'));
  }

  async readShimPath(): Promise<string | undefined> {
    return readFileIfExists(this.file('shim-binary-path'));
  }

  async #fill(spec: Uint8Array): Promise<void> {
    await this.#mapGroup(spec);
    await ignoreExisting(mkdir(this.#work, {mode: 0o711}));
    await mkdir(this.file('rootfs'), {mode: 0o711});
    await symlink(this.#work, this.file('work'));
    await writeFile(this.file('config.json'), spec, {mode: 0o644});
    mkfifo(this.file('log'), 0o700);
  }

  /** With a user namespace its root must reach the rootfs: the group is the host's id of the container's gid 0. */
  async #mapGroup(spec: Uint8Array): Promise<void> {
    const gid = mappedGid(spec);
    if (gid === undefined) return;
    await chown(this.path, 0, gid);
    await chmod(this.path, 0o710);
  }
}

/** Every bundle on disk, of all namespaces. */
export async function listBundles(roots: BundleRoots): Promise<Bundle[]> {
  const bundles: Bundle[] = [];
  for (const [namespace, id] of await listTwoLevels(join(roots.state, plugin))) {
    bundles.push(new Bundle(roots, namespace, id));
  }
  return bundles;
}

/** Removes work directories whose bundle is gone, for instance with a reboot. */
export async function removeStrayWork(roots: BundleRoots, bundles: readonly Bundle[]): Promise<void> {
  const kept = new Set(bundles.map(bundle => `${bundle.namespace}/${bundle.id}`));
  for (const [namespace, id] of await listTwoLevels(join(roots.root, plugin))) {
    if (!kept.has(`${namespace}/${id}`))
      await rm(join(roots.root, plugin, namespace, id), {recursive: true, force: true});
  }
}

/** Names that begin with a dot are being removed. */
async function listTwoLevels(directory: string): Promise<[string, string][]> {
  const pairs: [string, string][] = [];
  for (const namespace of await listDirectories(directory)) {
    for (const id of await listDirectories(join(directory, namespace))) {
      if (id.startsWith('.')) await rm(join(directory, namespace, id), {recursive: true, force: true});
      else pairs.push([namespace, id]);
    }
  }
  return pairs;
}

async function listDirectories(directory: string): Promise<string[]> {
  try {
    const entries = await readdir(directory, {withFileTypes: true});
    return entries.filter(entry => entry.isDirectory()).map(entry => entry.name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Renamed first, so that a half removed directory is not taken for a bundle. */
async function removeRenamed(path: string): Promise<void> {
  const hidden = join(path, '..', `.${path.slice(path.lastIndexOf('/') + 1)}`);
  await rm(hidden, {recursive: true, force: true});
  await ignoreMissing(rename(path, hidden));
  await rm(hidden, {recursive: true, force: true});
}

async function ignoreMissing(action: Promise<unknown>): Promise<void> {
  await ignore(action, 'ENOENT');
}

async function ignoreExisting(action: Promise<unknown>): Promise<void> {
  await ignore(action, 'EEXIST');
}

async function ignore(action: Promise<unknown>, code: string): Promise<void> {
  try {
    await action;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== code) throw error;
  }
}

function mappedGid(spec: Uint8Array): number | undefined {
  const text = Buffer.from(spec).toString();
  if (!text.includes('"gidMappings"')) return undefined;
  type Mapping = {containerID?: number; hostID?: number; size?: number};
  const {linux} = JSON.parse(text) as {linux?: {gidMappings?: Mapping[]}};
  return linux?.gidMappings?.find(mapping => (mapping.containerID ?? 0) === 0)?.hostID;
}
