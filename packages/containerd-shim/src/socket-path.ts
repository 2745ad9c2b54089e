import {createHash} from 'node:crypto';
import {join} from 'node:path';

/** Fixed, wherever containerd keeps its state: a socket's path has 107 bytes at most. */
export const defaultSocketDirectory = '/run/containerd/s';

/** One socket per containerd, namespace and group: SHA-256 of the three as one path. */
export function socketPathFor(address: string, namespace: string, group: string, directory: string): string {
  const name = createHash('sha256')
    .update(join(address, namespace, group))
    .digest('hex');
  return join(directory, name);
}
