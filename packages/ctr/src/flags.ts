/** Flags of groups of commands, and those that many commands share. */
import {type Flag, text} from './command/command.ts';

export const snapshotterFlag: Flag = {
  name: 'snapshotter',
  type: 'text',
  usage: 'Snapshotter name',
  default: 'overlayfs',
  env: 'CONTAINERD_SNAPSHOTTER',
};

export const debugSocketFlag: Flag = {
  ...text('debug-socket', "Socket path for containerd's debug server", 'd'),
  default: '/run/containerd/debug.sock',
};

export const shimFlags: Flag[] = [text('id', 'Shim ID'), {...text('shim-address', 'Shim address'), default: ''}];
