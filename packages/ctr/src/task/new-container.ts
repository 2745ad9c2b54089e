/** The record of a new container and its snapshot, from the flags of `run` and `containers create`. */
import {resolve} from 'node:path';
import type {Mount} from '@longshore/api/gen/containerd/types/mount';
import {jsonTypeUrl} from '@longshore/api/type-urls';
import {getImage, isUnpacked, packJson, readImage, unpackImage, withLease} from '@longshore/containerd-client';
import {chainId} from '@longshore/oci';
import {type Flag, type Invocation, list, text} from '../command/command.ts';
import {requireArgument} from '../command/dispatch.ts';
import {UsageError} from '../command/errors.ts';
import {platformOf} from '../format/platforms.ts';
import {cniExtension} from '../network/cni.ts';
import {buildSpec, readSpec} from '../spec/build-spec.ts';
import type {FullSpec} from '../spec/default-spec.ts';
import {specFlags} from '../spec/spec-flags.ts';
import {resolveUser} from '../spec/user.ts';
import {parseMappings} from '../spec/user-namespace.ts';
import {cleanupContext} from './attached.ts';
import {mappingLabels, remapSnapshot} from './remapped-snapshot.ts';
import {runtimeFlags, runtimeOptions} from './task-options.ts';

export const containerFlags: Flag[] = [
  ...runtimeFlags,
  {...text('snapshotter', 'Snapshotter name'), env: 'CONTAINERD_SNAPSHOTTER', default: 'overlayfs'},
  list('snapshotter-label', 'Labels added to the new snapshot for this container.'),
  list('label', 'Specify additional labels (e.g. foo=bar)'),
  ...specFlags,
];

/** Holds the signal that the image wants its containers to be stopped with. */
export const stopSignalLabel = 'io.containerd.image.config.stop-signal';

export interface NewContainer {
  id: string;
  spec: FullSpec;
  /** Mounts of its root for the task; empty with --rootfs. */
  rootfs: Mount[];
}

/**
 * From the arguments `IMAGE ID [COMMAND...]`, `DIRECTORY ID [COMMAND...]` with --rootfs, or `ID` with --config.
 * Nothing is left behind when it fails.
 */
export async function createContainer(invocation: Invocation): Promise<NewContainer> {
  const {args, flags} = invocation;
  if (flags.text('config'))
    return createFromSpec(invocation, requireArgument(args, 0, 'container id must be provided'));
  const source = requireArgument(args, 0, 'image ref must be provided');
  const id = requireArgument(args, 1, 'container id must be provided');
  return flags.bool('rootfs')
    ? createFromDirectory(invocation, resolve(source), id, args.slice(2))
    : withLease(invocation.ctx, invocation.client, ctx =>
        // The lease keeps the collector away from the snapshot until the container's record refers to it.
        createFromImage({...invocation, ctx}, source, id, args.slice(2)),
      );
}

/** The specification says all, its root too. */
async function createFromSpec(invocation: Invocation, id: string): Promise<NewContainer> {
  const {flags, args} = invocation;
  if (args.length > 1)
    throw new UsageError('with spec config file, only container id should be provided: invalid argument', false);
  const spec = await readSpec(flags);
  await createRecord(invocation, {id, spec, image: '', snapshotter: '', snapshotKey: ''});
  return {id, spec, rootfs: []};
}

async function createFromDirectory(
  invocation: Invocation,
  dir: string,
  id: string,
  args: string[],
): Promise<NewContainer> {
  const {ctx, flags} = invocation;
  const spec = await buildSpec({namespace: ctx.namespace, id, flags, image: undefined, args});
  spec.root.path = dir;
  if (flags.text('user')) spec.process.user = resolveUser(flags.text('user'), dir);
  await createRecord(invocation, {id, spec, image: '', snapshotter: '', snapshotKey: ''});
  return {id, spec, rootfs: []};
}

async function createFromImage(
  invocation: Invocation,
  name: string,
  id: string,
  args: string[],
): Promise<NewContainer> {
  const {ctx, client, flags} = invocation;
  const platform = platformOf(flags.text('platform'));
  const snapshotter = flags.text('snapshotter');
  const {target} = await getImage(ctx, client, name);
  const which = {target, snapshotter, ...(platform ? {platform} : {})};
  const syncFs = flags.bool('sync-fs');
  if (!(await isUnpacked(ctx, client, which))) await unpackImage(ctx, client, {...which, syncFs});
  const {config} = await readImage(ctx, client, target, platform);
  const spec = await buildSpec({namespace: ctx.namespace, id, flags, image: config.config, args});
  const parent = chainId(config.rootfs.diff_ids);
  const mounts = await prepareRoot(invocation, {id, snapshotter, parent});
  try {
    spec.process.user = resolveUser(flags.text('user') || config.config?.User || '0', mounts);
    const imageLabels = {...config.config?.Labels, [stopSignalLabel]: config.config?.StopSignal || 'SIGTERM'};
    await createRecord(invocation, {id, spec, image: name, snapshotter, snapshotKey: id}, imageLabels);
    return {id, spec, rootfs: mounts};
  } catch (error) {
    await client.snapshots.remove(cleanupContext(ctx), {snapshotter, key: id}).catch(() => {});
    throw error;
  }
}

async function prepareRoot(
  {ctx, client, flags}: Invocation,
  {id, snapshotter, parent}: {id: string; snapshotter: string; parent: string},
): Promise<Mount[]> {
  const mappings = parseMappings(flags);
  const remapLabels = flags.bool('remap-labels');
  const base = mappings && !remapLabels ? await remapSnapshot(ctx, client, {snapshotter, parent, mappings}) : parent;
  const labels = {
    ...flags.labels('snapshotter-label'),
    ...(mappings && remapLabels ? mappingLabels(mappings) : {}),
  };
  return (await client.snapshots.prepare(ctx, {snapshotter, key: id, parent: base, labels})).mounts;
}

type RecordParts = {id: string; spec: FullSpec; image: string; snapshotter: string; snapshotKey: string};

async function createRecord(
  {ctx, client, flags}: Invocation,
  {spec, ...parts}: RecordParts,
  imageLabels: Record<string, string> = {},
): Promise<void> {
  const labels = {...imageLabels, ...flags.labels('label')};
  const runtime = {name: flags.text('runtime'), options: runtimeOptions(flags)};
  const extensions = flags.bool('cni') ? {[cniExtension]: packJson(cniExtension, {enableCni: true})} : {};
  const sandbox = flags.text('sandbox');
  await client.containers.create(ctx, {
    container: {...parts, labels, runtime, extensions, sandbox, spec: packJson(jsonTypeUrl.spec, spec)},
  });
}
