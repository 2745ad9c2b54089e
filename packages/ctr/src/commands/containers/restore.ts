import {Any as AnyMessage} from '@longshore/api/gen/google/protobuf/any';
import type {Descriptor, Index, Spec} from '@longshore/api/oci';
import {
  descriptorToWire,
  getImage,
  packJson,
  readBlob,
  readImage,
  unpackJson,
  withLease,
} from '@longshore/containerd-client';
import {EngineError} from '@longshore/errdefs';
import {chainId, mediaTypes} from '@longshore/oci';
import {checkpointAnnotations, checkpointTypes, loadIndex, partOf} from '../../checkpoint/index-document.ts';
import {bool, type Invocation, type Leaf} from '../../command/command.ts';
import {requireArgument} from '../../command/dispatch.ts';
import {cleanupContext} from '../../task/attached.ts';
import {runTask, taskFlags} from '../../task/run-task.ts';

const leaf: Leaf = {
  usage: 'CONTAINER REF',
  description: 'Makes a container from a checkpoint that "ctr containers checkpoint" made, and runs it.',
  flags: [
    bool('rw', 'Restore the rw layer from the checkpoint'),
    bool('live', 'Restore the runtime and memory data from the checkpoint'),
    ...taskFlags,
  ],
  async run(invocation) {
    const {ctx, client, flags, args} = invocation;
    const id = requireArgument(args, 0, 'container id must be provided');
    const name = requireArgument(args, 1, 'ref must be provided');
    const index = await loadIndex(ctx, client, (await getImage(ctx, client, name)).target);
    const checkpoint = flags.bool('live') ? partOf(index, checkpointTypes.processes) : undefined;
    const spec = await withLease(ctx, client, leased => restore({...invocation, ctx: leased}, id, index));
    const {snapshotter} = namesOf(index);
    const {mounts: rootfs} = await client.snapshots.mounts(ctx, {snapshotter, key: id});
    const terminal = spec?.process?.terminal === true;
    return runTask(invocation, {containerId: id, terminal, rootfs, ...(checkpoint ? {checkpoint} : {})});
  },
};
export default leaf;

function namesOf({annotations = {}}: Index): {image: string; runtime: string; snapshotter: string} {
  const name = (key: keyof typeof checkpointAnnotations) => {
    const value = annotations[checkpointAnnotations[key]];
    if (value) return value;
    throw new EngineError('invalid-argument', `the checkpoint does not name its ${key}`);
  };
  return {image: name('image'), runtime: name('runtime'), snapshotter: name('snapshotter')};
}

/** The snapshot, with what was changed in it when --rw says so, and the record. */
async function restore(invocation: Invocation, id: string, index: Index): Promise<Spec | undefined> {
  const {ctx, client, flags} = invocation;
  const {image, runtime, snapshotter} = namesOf(index);
  const spec = ownCgroup(await readAny(invocation, partOf(index, checkpointTypes.config)), ctx.namespace, id);
  const optionsPart = index.manifests.find(part => part.mediaType === checkpointTypes.runtimeOptions);
  const options = optionsPart ? {options: await readAny(invocation, optionsPart)} : {};
  const {target} = await getImage(ctx, client, image);
  const {config} = await readImage(ctx, client, target);
  const parent = chainId(config.rootfs.diff_ids);
  const {mounts} = await client.snapshots.prepare(ctx, {snapshotter, key: id, parent});
  try {
    if (flags.bool('rw')) {
      const layer = partOf(index, mediaTypes.ociLayerGzip);
      await client.diff.apply(ctx, {diff: descriptorToWire(layer), mounts});
    }
    const record = {id, image, snapshotter, snapshotKey: id, spec, runtime: {name: runtime, ...options}};
    await client.containers.create(ctx, {container: record});
    return unpackJson(spec) as Spec | undefined;
  } catch (error) {
    await client.snapshots.remove(cleanupContext(ctx), {snapshotter, key: id}).catch(() => {});
    throw error;
  }
}

/** The container that was saved may still run, in the cgroup that ctr had named after it. */
function ownCgroup(any: AnyMessage, namespace: string, id: string): AnyMessage {
  const spec = unpackJson(any) as Spec;
  if (!spec.linux?.cgroupsPath?.startsWith(`/${namespace}/`)) return any;
  return packJson(any.typeUrl, {...spec, linux: {...spec.linux, cgroupsPath: `/${namespace}/${id}`}});
}

async function readAny({ctx, client}: Invocation, {digest}: Descriptor): Promise<AnyMessage> {
  return AnyMessage.decode(await readBlob(ctx, client, digest));
}
