import {join} from 'node:path';

/** Fixed, wherever containerd keeps its state: a socket's path has 107 bytes at most. */
export const defaultSocketDirectory = '/run/containerd/s';

/** One socket per containerd, namespace and group: SHA-256 of the three as one path. */
export async function socketPathFor(
  address: string,
  namespace: string,
  group: string,
  directory: string,
): Promise<string> {
  // A static import of a built-in module is loaded with the bundle, by the serving shim too, and this one is dear.
  const {createHash} = await import('node:crypto');
  const name = createHash('sha256')
    .update(join(address, namespace, group))
    .digest('hex');
  return join(directory, name);
}
