import {chmodSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {Engine} from '@longshore/testing';

/** The users that containers are remapped to in tests: their names, ids, and ranges of subordinate ids. */
export const remapped = {user: 'lsremap', uid: 4711, gid: 4712, firstUid: 200_000, firstGid: 300_000, size: 65_536};

/**
 * A program that shows a user for `--userns-remap` to dockerd, in files of the engine's own mount namespace, and then
 * becomes it.
 */
export function withRemappedUser(directory: string, dockerd: string): string {
  const {user, uid, gid, firstUid, firstGid, size} = remapped;
  const path = join(directory, 'dockerd');
  const entries = {
    passwd: `${user}:x:${uid}:${gid}::/:/bin/false`,
    group: `${user}:x:${gid}:`,
    subuid: `${user}:${firstUid}:${size}`,
    subgid: `${user}:${firstGid}:${size}`,
  };
  const steps = Object.entries(entries).map(
    ([name, line]) => `if ! grep -qF '${line}' /etc/${name}; then
  { cat /etc/${name}; echo '${line}'; } >'${directory}/${name}'
  mount --bind '${directory}/${name}' /etc/${name}
fi`,
  );
  // The users of containers must be able to reach what lies below the data root.
  const reachable = `previous=
for argument; do
  if [ "$previous" = --data-root ]; then chmod 711 "$(dirname "$argument")"; fi
  previous=$argument
done`;
  writeFileSync(path, `#!/bin/sh -e\n${steps.join('\n')}\n${reachable}\nexec '${dockerd}' "$@"\n`);
  chmodSync(path, 0o755);
  return path;
}

/** Before the engine is stopped: the daemon has read the files, and must have left no mounts. */
export async function hideRemappedUser(engine: Engine): Promise<void> {
  const {exitCode, stderr} = await engine.run(['umount', '/etc/passwd', '/etc/group', '/etc/subuid', '/etc/subgid']);
  if (exitCode !== 0) throw new Error(stderr);
}
