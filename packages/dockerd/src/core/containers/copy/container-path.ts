import {posix} from 'node:path';
import {EngineError} from '@longshore/errdefs';
import type {ContainerPath} from '../../ports/container-tree.ts';

/** A path as a client gave it: relative to the root, `..` of the root being the root. Throws Docker's complaint. */
export function parseContainerPath(text: string): ContainerPath {
  if (text === '') throw new EngineError('invalid-argument', 'bad parameter: pathcannot be empty');
  const normal = posix.normalize(`/${text}`);
  const path = normal.length > 1 ? normal.replace(/\/$/, '') : normal;
  return {path, isDirectory: /\/\.?$/.test(text) || text === '.', isContent: /(^|\/)\.$/.test(text)};
}

/** What the topmost member of an archive of the path is called. */
export function baseNameOf({path, isContent}: ContainerPath): string {
  if (isContent) return '.';
  return path === '/' ? '/' : posix.basename(path);
}
