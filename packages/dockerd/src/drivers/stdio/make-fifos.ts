import {chownSync} from 'node:fs';
import {mkfifo} from '@longshore/linux';
import type {Owner} from '../../core/users/remapping.ts';

/** Empty paths are left out. Remapped containers open their streams again by name: they are `owner`'s, their root. */
export function makeFifos(paths: object, owner: Owner | undefined): void {
  for (const path of Object.values(paths) as string[]) {
    if (path === '') continue;
    mkfifo(path, 0o700);
    if (owner) chownSync(path, owner.uid, owner.gid);
  }
}
