/** The record of a new container and its snapshot, from the flags of `run` and `containers create`. */
import {resolve} from 'node:path';
import type {Mount} from '@longshore/api/gen/containerd/types/mount';
import {Options} from '@longshore/api/gen/containerd/types/runc/options/oci';
import {jsonTypeUrl, protobufTypeUrl} from '@longshore/api/type-urls';
import {type Any, getImage, isUnpacked, packAny, packJson, readImage, unpackImage} from '@longshore/containerd-client';
import {chainId} from '@longshore/oci';
import {bool, type Flag, type Invocation, list, text} from '../command/command.ts';
import {requireArgument} from '../command/dispatch.ts';
import {UsageError} from '../command/errors.ts';
import {platformOf} from '../format/platforms.ts';
import {buildSpec, readSpec} from '../spec/build-spec.ts';
import type {FullSpec} from '../spec/default-spec.ts';
import {specFlags} from '../spec/spec-flags.ts';
import {resolveUser} from '../spec/user.ts';

export const containerFlags: Flag[] = [
  {...text('runtime', 'Runtime name or absolute path to runtime binary'), default: 'io.containerd.runc.v2'},
  text('runc-binary', 'Specify runc-compatible binary'),
  text('runc-root', 'Specify runc-compatible root'),
  bool('runc-systemd-cgroup', 'Start runc with systemd cgroup manager'),
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
  if (flags.text('config')) return createFromSpec(invocation, requireArgument(args, 0, 'container id'));
  const source = requireArgument(args, 0, 'image ref');
  const id = requireArgument(args, 1, 'container id');
  return flags.bool('rootfs')
    ? createFromDirectory(invocation, resolve(source), id, args.slice(2))
    : createFromImage(invocation, source, id, args.slice(2));
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
  if (!(await isUnpacked(ctx, client, which))) await unpackImage(ctx, client, which);
  const {config} = await readImage(ctx, client, target, platform);
  const spec = await buildSpec({namespace: ctx.namespace, id, flags, image: config.config, args});
  const parent = chainId(config.rootfs.diff_ids);
  // Made first and rooted by the container's record afterwards; the label keeps the collector away in between.
  const labels = {...flags.labels('snapshotter-label'), 'containerd.io/gc.root': new Date().toISOString()};
  const {mounts} = await client.snapshots.prepare(ctx, {snapshotter, key: id, parent, labels});
  try {
    spec.process.user = resolveUser(flags.text('user') || config.config?.User || '0', mounts);
    const imageLabels = {...config.config?.Labels, [stopSignalLabel]: config.config?.StopSignal || 'SIGTERM'};
    await createRecord(invocation, {id, spec, image: name, snapshotter, snapshotKey: id}, imageLabels);
    await dropGcRoot(invocation, snapshotter, id);
    return {id, spec, rootfs: mounts};
  } catch (error) {
    await client.snapshots.remove(ctx, {snapshotter, key: id}).catch(() => {});
    throw error;
  }
}

/** Otherwise the snapshot would outlive a container that another client deletes. */
async function dropGcRoot({ctx, client}: Invocation, snapshotter: string, name: string): Promise<void> {
  const label = 'containerd.io/gc.root';
  await client.snapshots.update(ctx, {
    snapshotter,
    info: {name, labels: {[label]: ''}},
    updateMask: [`labels.${label}`],
  });
}

type RecordParts = {id: string; spec: FullSpec; image: string; snapshotter: string; snapshotKey: string};

async function createRecord(
  {ctx, client, flags}: Invocation,
  {spec, ...parts}: RecordParts,
  imageLabels: Record<string, string> = {},
): Promise<void> {
  const labels = {...imageLabels, ...flags.labels('label')};
  const runtime = {name: flags.text('runtime'), options: runtimeOptions(invocationFlags(flags))};
  await client.containers.create(ctx, {
    container: {...parts, labels, runtime, spec: packJson(jsonTypeUrl.spec, spec)},
  });
}

function invocationFlags(flags: Invocation['flags']) {
  return {
    binaryName: flags.text('runc-binary'),
    root: flags.text('runc-root'),
    systemdCgroup: flags.bool('runc-systemd-cgroup'),
  };
}

function runtimeOptions(options: {binaryName: string; root: string; systemdCgroup: boolean}): Any {
  return packAny(protobufTypeUrl.runcOptions, Options, Options.fromPartial(options));
}
