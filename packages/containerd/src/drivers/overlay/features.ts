/** What the overlay of this kernel can do, on the file system of a directory. */
import {existsSync} from 'node:fs';
import {mkdir, mkdtemp, rm} from 'node:fs/promises';
import {release} from 'node:os';
import {join} from 'node:path';
import {EngineError, messageOf} from '@longshore/errdefs';
import {inUserNamespace, mountAll, umount} from '@longshore/linux';

/** Mount options that every overlay of this snapshotter gets. */
export async function overlayOptions(): Promise<string[]> {
  const options: string[] = [];
  // With an index, a layer directory could not be shared by several mounts.
  if (existsSync('/sys/module/overlay/parameters/index')) options.push('index=off');
  if (inUserNamespace()) options.push('userxattr'); // trusted.* is for the initial user namespace only
  return options;
}

/** Throws `failed-precondition` when an overlay cannot be mounted on this file system. */
export async function checkOverlay(root: string, options: readonly string[]): Promise<void> {
  const probe = await mkdtemp(join(root, 'probe-'));
  try {
    const [lower, upper, work, merged] = ['lower', 'upper', 'work', 'merged'].map(name => join(probe, name));
    for (const path of [lower, upper, work, merged]) await mkdir(path as string);
    const directories = [`lowerdir=${lower}`, `upperdir=${upper}`, `workdir=${work}`];
    mountAll([{type: 'overlay', source: 'overlay', options: [...options, ...directories]}], merged as string);
    umount(merged as string);
  } catch (error) {
    const reason = `overlayfs cannot be used on "${root}": ${messageOf(error)}`;
    throw new EngineError('failed-precondition', reason, {cause: error});
  } finally {
    await rm(probe, {recursive: true, force: true});
  }
}

/** Overlays over directories with mapped ids came with Linux 5.19. */
export function canMapIds(): boolean {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  return major > 5 || (major === 5 && minor >= 19);
}
