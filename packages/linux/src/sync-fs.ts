import type {PathLike} from './c-string.ts';
import {check} from './errors.ts';
import {closeFd, O_DIRECTORY, O_RDONLY} from './fd.ts';
import {bind} from './libc.ts';
import {AT_FDCWD, openAt} from './open-at.ts';

const nativeSyncfs = bind<[fd: number]>('syncfs', 'int', 'int');

/** syncfs(2): writes back everything of the file system that holds `directory` (a path or a descriptor). Blocks. */
export function syncFs(directory: PathLike | number): void {
  const [at, path] = typeof directory === 'number' ? ([directory, '.'] as const) : ([AT_FDCWD, directory] as const);
  const fd = openAt(at, path, O_RDONLY | O_DIRECTORY); // an O_PATH descriptor would be refused
  try {
    check('sync', 'file system', nativeSyncfs(fd));
  } finally {
    closeFd(fd);
  }
}
