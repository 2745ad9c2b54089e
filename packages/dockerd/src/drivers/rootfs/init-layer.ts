/**
 * The layer between an image and a container: what the engine itself needs in a root file system. It is kept apart so
 * that neither `docker diff` nor a commit shows mount points and files that nobody but the engine has made.
 */
import {Info} from '@longshore/api/gen/containerd/services/snapshots/v1/snapshots';
import {type CallContext, randomHex} from '@longshore/base';
import {type ContainerdClient, withLease} from '@longshore/containerd-client';
import {EngineError, isErrorCode} from '@longshore/errdefs';
import {
  closeFd,
  fstatAtIfExists,
  isErrno,
  O_CLOEXEC,
  O_CREAT,
  O_EXCL,
  O_NOFOLLOW,
  O_WRONLY,
  openAt,
  S_IFDIR,
  S_IFMT,
  symlinkAt,
  unlinkAt,
} from '@longshore/linux';
import {makeDirectoryInside, openDirectoryInside} from '../host/rootfs-files.ts';
import {withMounted} from './mounted.ts';

/**
 * What is no directory there gives way to one: the runtime makes links and nodes below /dev by their paths on the machine,
 * and would follow an image's link to anywhere.
 */
const mountPoints = ['/dev', '/dev/pts', '/dev/shm', '/proc', '/sys'];
/** Docker's list: directories, files, and /etc/mtab. What else an image has already stays as it is. */
const directories = ['/dev/pts', '/dev/shm', '/proc', '/sys'];
const files = ['/.dockerenv', '/etc/resolv.conf', '/etc/hosts', '/etc/hostname', '/dev/console'];
const mode = 0o755;
const rootLabel = 'containerd.io/gc.root';

export interface InitLayerOptions {
  client: ContainerdClient;
  snapshotter: string;
  /** An empty directory is made and removed below it. */
  scratch: string;
}

export class InitLayers {
  readonly #options: InitLayerOptions;
  /** Layers that are being made: containers of one image share them. */
  readonly #making = new Map<string, Promise<void>>();

  constructor(options: InitLayerOptions) {
    this.#options = options;
  }

  /**
   * Makes `key` on top of the image's init layer. Garbage collection leaves the layer as long as the image's own is
   * there; a lease keeps it while it is being made.
   */
  async prepare(ctx: CallContext, key: string, chainId: string, labels: Record<string, string>): Promise<void> {
    const {client, snapshotter} = this.#options;
    const request = {snapshotter, key, parent: nameOf(chainId), labels};
    for (let attempt = 0; ; attempt++) {
      try {
        await client.snapshots.prepare(ctx, request);
        return;
      } catch (error) {
        // Collected since the last container on it was removed, or never made.
        if (attempt >= 3 || !isErrorCode(error, 'not-found')) throw error;
      }
      const running = this.#making.get(chainId);
      if (!running) return await this.#makeFor(ctx, chainId, request);
      await running;
    }
  }

  async #makeFor(
    ctx: CallContext,
    chainId: string,
    request: Parameters<ContainerdClient['snapshots']['prepare']>[1],
  ): Promise<void> {
    const {client} = this.#options;
    await withLease(ctx, client, async leased => {
      const running = this.#make(leased, chainId);
      this.#making.set(chainId, running);
      try {
        await running;
      } finally {
        this.#making.delete(chainId);
      }
      await client.snapshots.prepare(leased, request);
    });
  }

  /** The image's layer refers to it by a label. */
  async #bindToImage(ctx: CallContext, chainId: string): Promise<void> {
    const {client, snapshotter} = this.#options;
    const label = `containerd.io/gc.ref.snapshot.${snapshotter}/longshore-init`;
    const info = Info.fromPartial({name: chainId, labels: {[label]: nameOf(chainId)}});
    await client.snapshots.update(ctx, {snapshotter, info, updateMask: [`labels.${label}`]});
  }

  async #make(ctx: CallContext, chainId: string): Promise<void> {
    const {client, snapshotter, scratch} = this.#options;
    const name = nameOf(chainId);
    const key = `${name}-${randomHex(8)}`;
    const {mounts} = await client.snapshots.prepare(ctx, {snapshotter, key, parent: chainId});
    try {
      await withMounted(scratch, mounts, fillInitLayer);
      await client.snapshots.commit(ctx, {snapshotter, name, key, labels: chainId === '' ? {[rootLabel]: time()} : {}});
      if (chainId !== '') await this.#bindToImage(ctx, chainId);
    } catch (error) {
      await client.snapshots.remove(ctx, {snapshotter, key}).catch(() => {}); // the first error is the one to tell
      if (!isErrorCode(error, 'already-exists')) throw error;
    }
  }
}

function time(): string {
  return new Date().toISOString().replace(/\.\d+Z$/, 'Z');
}

/** Changes when the contents do: layers of an older version are then not used any more. */
function nameOf(chainId: string): string {
  return `longshore-init-2-${chainId || 'scratch'}`;
}

/** Links in the image are followed inside of it only. A parent that is no directory leaves its entry out. */
export function fillInitLayer(root: string): void {
  for (const path of mountPoints) replaceByDirectory(root, path);
  for (const path of directories) attempt(() => makeDirectoryInside(root, path));
  for (const path of files) attempt(() => inParent(root, path, makeFile));
  attempt(() => inParent(root, '/etc/mtab', (parent, name) => symlinkAt('/proc/mounts', parent, name)));
}

function replaceByDirectory(root: string, path: string): void {
  const at = path.lastIndexOf('/');
  const name = path.slice(at + 1);
  openDirectoryInside(root, path.slice(0, at), parent => {
    const existing = fstatAtIfExists(parent, name);
    if (existing && (existing.mode & S_IFMT) !== S_IFDIR) unlinkAt(parent, name);
  });
}

/** The runtime makes what is missing, or says why it cannot: no reason to refuse the image here. */
function attempt(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof EngineError) && !isErrno(error, 'EEXIST', 'ENOTDIR', 'ELOOP')) throw error;
  }
}

function inParent(root: string, path: string, make: (parent: number, name: string) => void): void {
  const at = path.lastIndexOf('/');
  const parent = path.slice(0, at);
  if (parent !== '') makeDirectoryInside(root, parent);
  openDirectoryInside(root, parent, fd => make(fd, path.slice(at + 1)));
}

function makeFile(parent: number, name: string): void {
  closeFd(openAt(parent, name, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY | O_CLOEXEC, mode));
}
