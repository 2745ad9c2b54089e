import {randomUUID} from 'node:crypto';
import {mkdir, stat} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {readFileIfExists, writeFileAtomic} from '@longshore/base';

/** The installation's UUID, made on first use, and the pid namespace of this process. */
export async function readIdentity(root: string): Promise<{uuid: string; pidNamespace: bigint}> {
  const {ino} = await stat('/proc/self/ns/pid', {bigint: true});
  const path = join(root, 'io.containerd.grpc.v1.introspection', 'uuid');
  const known = (await readFileIfExists(path))?.trim();
  if (known) return {uuid: known, pidNamespace: ino};
  const uuid = randomUUID();
  await mkdir(dirname(path), {recursive: true, mode: 0o711});
  await writeFileAtomic(path, uuid, {mode: 0o666 & ~process.umask()});
  return {uuid, pidNamespace: ino};
}
