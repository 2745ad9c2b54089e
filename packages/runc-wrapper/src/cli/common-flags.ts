/** Flags that several commands share. */
import type {Flag} from './flags.ts';

export const bundleFlag: Flag = {
  names: ['bundle', 'b'],
  kind: 'string',
  help: 'directory of the bundle (default: the current directory)',
};
export const consoleSocketFlag: Flag = {
  names: ['console-socket'],
  kind: 'string',
  help: 'unix socket that receives the master end of the terminal',
};
export const pidfdSocketFlag: Flag = {
  names: ['pidfd-socket'],
  kind: 'string',
  help: 'unix socket that receives a pidfd of the process',
};
export const pidFileFlag: Flag = {names: ['pid-file'], kind: 'string', help: 'file that the process id is written to'};
export const preserveFdsFlag: Flag = {
  names: ['preserve-fds'],
  kind: 'integer',
  help: 'number of further descriptors that the process keeps, beside stdio and those of $LISTEN_FDS',
  default: '0',
};
export const detachFlag: Flag = {names: ['detach', 'd'], kind: 'boolean', help: 'do not wait for the process'};
export const keepFlag: Flag = {names: ['keep'], kind: 'boolean', help: 'do not delete the container afterwards'};
export const noPivotFlag: Flag = {
  names: ['no-pivot'],
  kind: 'boolean',
  help: 'do not use pivot_root(2): for a root filesystem on a ramdisk',
};
export const noNewKeyringFlag: Flag = {
  names: ['no-new-keyring'],
  kind: 'boolean',
  help: "keep the caller's session keyring instead of making one for the container",
};
export const noSubreaperFlag: Flag = {
  names: ['no-subreaper'],
  kind: 'boolean',
  help: 'do not adopt the orphans of the container',
};
export const formatFlag: Flag = {names: ['format', 'f'], kind: 'string', help: 'table or json', default: 'table'};

/** Of checkpoint and restore. */
export const criuFlags: readonly Flag[] = [
  {names: ['image-path'], kind: 'string', help: 'directory of the image files'},
  {names: ['work-path'], kind: 'string', help: 'directory for work files and logs'},
  {names: ['tcp-established'], kind: 'boolean', help: 'allow open TCP connections'},
  {names: ['ext-unix-sk'], kind: 'boolean', help: 'allow external unix sockets'},
  {names: ['shell-job'], kind: 'boolean', help: 'allow jobs of a shell'},
  {names: ['lazy-pages'], kind: 'boolean', help: 'move memory pages when they are first used'},
  {names: ['file-locks'], kind: 'boolean', help: 'keep file locks'},
  {names: ['manage-cgroups-mode'], kind: 'string', help: 'soft, full, strict or ignore'},
  {names: ['empty-ns'], kind: 'list', help: 'make this namespace, but do not restore what was in it'},
  {names: ['auto-dedup'], kind: 'boolean', help: 'remove duplicate memory images'},
];
