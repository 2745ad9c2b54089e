import {createReadStream} from 'node:fs';
import {importArchive, putImage} from '@longshore/containerd-client';
import type {Leaf} from '../../command/command.ts';
import {bool, list, text, unsupported} from '../../command/command.ts';
import {requireArgument} from '../../command/dispatch.ts';
import {platformOf} from '../../format/platforms.ts';

const leaf: Leaf = {
  usage: '[flags] <in>',
  description: 'Import images from a tar stream: OCI layouts and docker save archives. "-" is standard input.',
  flags: [
    text('base-name', 'Base image name for added images, when provided only images with this name prefix are imported'),
    bool('digests', 'Whether to create digest images'),
    text('platform', 'Imports content for specific platform'),
    bool('no-unpack', 'Skip unpacking the images'),
    bool('local', 'Run import locally rather than through transfer API'),
    {...text('snapshotter', 'Snapshotter name'), env: 'CONTAINERD_SNAPSHOTTER', default: 'overlayfs'},
    list('label', 'Labels to attach to the image'),
    ...unsupported(
      'not implemented by this ctr yet',
      bool('all-platforms', 'Imports content for all platforms'),
      bool('skip-digest-for-named', 'Skip applying --digests option to images named in the importing tar'),
      text('index-name', 'Image name to keep index as, by default index is discarded'),
      bool('compress-blobs', 'Compress uncompressed blobs when creating manifest'),
      bool('discard-unpacked-layers', 'Allow the garbage collector to clean layers up after unpacking'),
      bool('sync-fs', 'Synchronize the underlying filesystem containing files when unpack images'),
    ),
  ],
  async run({ctx, client, flags, args, print}) {
    const file = requireArgument(args, 0, 'the archive');
    const stream = file === '-' ? process.stdin : createReadStream(file);
    const base = flags.text('base-name') || `import-${new Date().toISOString().slice(0, 10)}`;
    const platform = platformOf(flags.text('platform'));
    const imported = await importArchive(ctx, client, stream, {
      ...{snapshotter: flags.text('snapshotter'), unpack: !flags.bool('no-unpack'), ...(platform ? {platform} : {})},
      rename: ref => fullName(ref, base, flags.has('base-name')),
    });
    const labels = flags.labels('label');
    for (const {name, target} of imported) {
      if (name && Object.keys(labels).length > 0) await putImage(ctx, client, {name, target, labels});
      if (flags.bool('digests')) await putImage(ctx, client, {name: `${base}@${target.digest}`, target, labels});
      print(`${(name ?? target.digest).padEnd(40)}\tsaved\n${target.mediaType} ${target.digest}\n`);
    }
  },
};
export default leaf;

/** A bare tag gets the base name; with --base-name, names that do not start with it are left out. */
function fullName(ref: string, base: string, only: boolean): string | undefined {
  if (!/[/:@]/.test(ref)) return `${base}:${ref}`;
  return only && !ref.startsWith(base) ? undefined : ref;
}
