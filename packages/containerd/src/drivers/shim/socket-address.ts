/** Where a shim listens. */
import {createHash} from 'node:crypto';
import {join} from 'node:path';
import {unixPathMaximum} from '@longshore/linux';

/** Fixed: shims of any containerd use it, whatever its state directory is. */
const defaultState = '/run/containerd';
const shortestName = 16;

/**
 * The socket of a shim that we start: `<state>/s/<sha256 of containerd's address, the namespace and the id>`. The name
 * is cut when the state directory is long, and the default directory serves when even that does not fit.
 */
export function shimSocketPath(state: string, grpcAddress: string, namespace: string, id: string): string {
  const name = createHash('sha256')
    .update(join(grpcAddress, namespace, id))
    .digest('hex');
  const room = unixPathMaximum - Buffer.byteLength(join(state, 's/'));
  const directory = room < shortestName ? defaultState : state;
  return join(directory, 's', name.slice(0, room < shortestName ? name.length : room));
}
