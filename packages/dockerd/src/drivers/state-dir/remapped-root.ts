/** `<data-root>/<uid>.<gid>`: where a daemon with `--userns-remap` keeps everything, apart from daemons without. */
import {chmod, chown, mkdir, stat} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {EngineError} from '@longshore/errdefs';
import {type Remapping, remappedName} from '../../core/users/remapping.ts';

/** Makes it with Docker's owners and modes, and returns it. Throws when the users of containers could not get there. */
export async function makeRemappedRoot(root: string, remapping: Remapping): Promise<string> {
  const {gid} = remapping.root;
  if ((await mkdir(root, {recursive: true, mode: 0o711})) === undefined) await chmod(root, 0o711);
  const path = join(root, remappedName(remapping));
  const made = await mkdir(path, {recursive: true, mode: 0o710});
  if (made !== undefined) {
    await chmod(path, 0o710);
    await chown(path, 0, gid);
  }
  for (let above = dirname(path); above !== '/'; above = dirname(above)) await checkReachable(path, above, remapping);
  return path;
}

async function checkReachable(path: string, directory: string, {root}: Remapping): Promise<void> {
  const {mode, uid, gid} = await stat(directory);
  const bit = uid === root.uid ? 0o100 : gid === root.gid ? 0o010 : 0o001;
  if ((mode & bit) !== 0) return;
  throw new EngineError(
    'failed-precondition',
    `a subdirectory in your graphroot path (${path}) restricts access to the remapped root uid/gid; please fix by allowing 'o+x' permissions on existing directories`,
  );
}
