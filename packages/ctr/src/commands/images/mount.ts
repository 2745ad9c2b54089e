import {acquireLease, getImage, isUnpacked, readImage, unpackImage} from '@longshore/containerd-client';
import {isErrorCode} from '@longshore/errdefs';
import {mountAll} from '@longshore/linux';
import {chainId} from '@longshore/oci';
import {bool, type Invocation, type Leaf, list, text} from '../../command/command.ts';
import {requireArgument} from '../../command/dispatch.ts';
import {snapshotterFlag} from '../../flags.ts';
import {platformOf} from '../../format/platforms.ts';
import {unusedRegistryFlags} from '../../registry-flags.ts';
import {cleanupContext} from '../../task/attached.ts';

const leaf: Leaf = {
  usage: '[flags] <ref> <target>',
  description: 'Mount an image rootfs to a specified path.\n\nWhen you are done, use the unmount command.',
  flags: [
    snapshotterFlag,
    list('label', 'Labels to attach to the snapshot'),
    bool('rw', 'Enable write support on the mount'),
    text('platform', 'Mount the image for the specified platform'),
    bool('sync-fs', 'Synchronize the underlying filesystem containing files when unpack images'),
    ...unusedRegistryFlags(),
  ],
  async run(invocation) {
    const {ctx, client, flags, args, print} = invocation;
    const name = requireArgument(args, 0, 'please provide an image reference to mount');
    const target = requireArgument(args, 1, 'please provide a target path to mount to');
    const snapshotter = flags.text('snapshotter');
    // The lease is named after the target and stays until `images unmount --rm`, or for a day.
    const labels = {[`containerd.io/gc.ref.snapshot.${snapshotter}`]: target};
    const lease = await acquireLease(ctx, client, {id: target, labels});
    try {
      print(`${await mountImage({...invocation, ctx: lease.ctx}, name, target)}\n${target}\n`);
    } catch (error) {
      await lease[Symbol.asyncDispose]();
      throw error;
    }
  },
};
export default leaf;

/** Returns the chain id of the image. */
async function mountImage({ctx, client, flags}: Invocation, name: string, key: string): Promise<string> {
  const snapshotter = flags.text('snapshotter');
  const platform = platformOf(flags.text('platform'));
  const {target} = await getImage(ctx, client, name);
  const which = {target, snapshotter, ...(platform ? {platform} : {})};
  if (!(await isUnpacked(ctx, client, which)))
    await unpackImage(ctx, client, {...which, syncFs: flags.bool('sync-fs')});
  const {config} = await readImage(ctx, client, target, platform);
  const parent = chainId(config.rootfs.diff_ids);
  const make = flags.bool('rw') ? client.snapshots.prepare : client.snapshots.view;
  const labels = flags.labels('label');
  const {mounts} = await make(ctx, {snapshotter, key, parent, labels}).catch(error => {
    // It was mounted before: the same files again.
    if (isErrorCode(error, 'already-exists')) return client.snapshots.mounts(ctx, {snapshotter, key});
    throw error;
  });
  try {
    mountAll(mounts, key);
  } catch (error) {
    await client.snapshots.remove(cleanupContext(ctx), {snapshotter, key}).catch(() => {});
    throw error;
  }
  return parent;
}
