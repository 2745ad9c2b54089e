/** A container of containerd whose task is created but not started: the moment in which `runc init` waits. */
import type {Spec} from '@longshore/api/oci';
import {jsonTypeUrl} from '@longshore/api/type-urls';
import {type CallContext, callContext, randomHex} from '@longshore/base';
import {type ContainerdClient, packJson} from '@longshore/containerd-client';
import {isErrorCode} from '@longshore/errdefs';
import {chainId} from '@longshore/oci';
import type {Engine} from './engine.ts';

const snapshotter = 'overlayfs';

export interface CreatedTask extends AsyncDisposable {
  id: string;
  /** Pid of `runc init`, and of the user's process after start(). */
  pid: number;
  start(): Promise<void>;
}

/** Makes it from `busybox:latest` in dockerd's namespace, running `args`; disposing it kills and removes everything. */
export async function createTask(engine: Engine, args: string[]): Promise<CreatedTask> {
  const ctx = callContext({namespace: 'moby'});
  const client = engine.openContainerd();
  const id = `created-${randomHex(4)}`;
  const {RootFS} = await engine.api.get<{RootFS: {Layers: string[]}}>('/images/busybox/json');
  const parent = chainId(RootFS.Layers);
  const {mounts} = await client.snapshots.prepare(ctx, {
    ...{snapshotter, key: id, parent},
    // Until the container's record names it, a collection would remove it.
    labels: {'containerd.io/gc.root': new Date().toISOString()},
  });
  const spec = packJson(jsonTypeUrl.spec, minimalSpec(args, `${engine.paths.cgroupParent}/${id}`));
  const runtime = {name: 'io.containerd.runc.v2'};
  await client.containers.create(ctx, {
    container: {id, runtime, snapshotter, snapshotKey: id, spec},
  });
  const {pid} = await client.tasks.create(ctx, {containerId: id, rootfs: mounts});
  return {
    id,
    pid,
    start: async () => {
      await client.tasks.start(ctx, {containerId: id});
    },
    [Symbol.asyncDispose]: () => remove(ctx, client, id),
  };
}

async function remove(ctx: CallContext, client: ContainerdClient, id: string): Promise<void> {
  await client.tasks.kill(ctx, {containerId: id, signal: 9, all: true});
  await client.tasks.wait(ctx, {containerId: id});
  await client.tasks.delete(ctx, {containerId: id});
  await client.containers.delete(ctx, {id});
  try {
    await client.snapshots.remove(ctx, {snapshotter, key: id});
  } catch (error) {
    // Only the container's record kept it: the garbage collector may have been faster.
    if (!isErrorCode(error, 'not-found')) throw error;
  }
  client[Symbol.dispose]();
}

function minimalSpec(args: string[], cgroupsPath: string): Spec {
  const namespaces = ['pid', 'ipc', 'uts', 'mount', 'network'].map(type => ({type}));
  return {
    ociVersion: '1.1.0',
    process: {user: {uid: 0, gid: 0}, args, env: ['PATH=/bin'], cwd: '/'},
    root: {path: 'rootfs'},
    mounts: [{destination: '/proc', type: 'proc', source: 'proc'}],
    linux: {namespaces, cgroupsPath},
  } as Spec;
}
