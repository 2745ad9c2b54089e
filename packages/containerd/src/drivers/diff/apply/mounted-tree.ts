import type {MountSpec} from '@longshore/linux';
import {openMounted} from './open-mounted.ts';
import {PlainTree} from './plain-tree.ts';

/** Mounts of any kind, mounted for as long as the tree is open. */
export class MountedTree extends PlainTree {
  constructor(mounts: readonly MountSpec[]) {
    super(openMounted(mounts));
  }
}
