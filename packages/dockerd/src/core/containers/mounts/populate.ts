import type {CallContext} from '@longshore/base';
import type {ContainerRecord} from '../record.ts';
import type {World} from '../world.ts';

/** Fills new, empty volumes with what the image has at their destinations. `root` is the mounted rootfs. */
export async function populateVolumes(
  world: World,
  ctx: CallContext,
  record: ContainerRecord,
  root: string,
): Promise<void> {
  for (const point of Object.values(record.mounts)) {
    if (point.Type !== 'volume' || !point.CopyData) continue;
    const source = world.files.pathInside(root, point.Destination);
    if (source !== undefined) await world.volumes.copyUp(ctx, point.Name, source);
  }
}
