import {Buffer} from 'node:buffer';
import {EngineError} from '@longshore/errdefs';
import {cstr, cstrOrNull} from './c-string.ts';
import {Errno} from './errno-names.ts';
import {SystemCallError} from './errors.ts';
import {closeFd, O_CLOEXEC, O_DIRECTORY, O_PATH, readFd} from './fd.ts';
import {bind, errno, type Pointer} from './libc.ts';
import {
  MS_NOATIME,
  MS_NODEV,
  MS_NODIRATIME,
  MS_NOEXEC,
  MS_NOSUID,
  MS_NOSYMFOLLOW,
  MS_RDONLY,
  MS_STRICTATIME,
  mount,
  mountDataMaximum,
} from './mount.ts';
import {AT_FDCWD, openAt} from './open-at.ts';

const nativeFsopen = bind<[number: number, type: Pointer, flags: number]>('syscall', 'long', 'long', 'void *', 'uint');
const nativeFsconfig = bind<[number: number, fd: number, command: number, key: Pointer, value: Pointer, aux: number]>(
  'syscall',
  'long',
  'long',
  'int',
  'uint',
  'void *',
  'void *',
  'int',
);
const nativeFsmount = bind<[number: number, fd: number, flags: number, attributes: number]>(
  'syscall',
  'long',
  'long',
  'int',
  'uint',
  'uint',
);
const nativeMoveMount = bind<
  [number: number, from: number, fromPath: Pointer, to: number, toPath: Pointer, flags: number]
>('syscall', 'long', 'long', 'int', 'void *', 'int', 'void *', 'uint');
const fchdir = bind<[fd: number]>('fchdir', 'int', 'int');
const chdir = bind<[path: Pointer]>('chdir', 'int', 'void *');

const SYS_move_mount = 429;
const SYS_fsopen = 430;
const SYS_fsconfig = 431;
const SYS_fsmount = 432;
const FSOPEN_CLOEXEC = 1;
const FSMOUNT_CLOEXEC = 1;
const FSCONFIG_SET_FLAG = 0;
const FSCONFIG_SET_STRING = 1;
const FSCONFIG_CMD_CREATE = 6;
const MOVE_MOUNT_F_EMPTY_PATH = 4;

/** fsconfig(2) takes strings of up to 255 bytes. */
const fsconfigMaximum = 255;

/** Attributes of fsmount(2), which are not the bits of mount(2). */
const mountAttributes: [flag: number, attribute: number][] = [
  [MS_RDONLY, 0x01],
  [MS_NOSUID, 0x02],
  [MS_NODEV, 0x04],
  [MS_NOEXEC, 0x08],
  [MS_NOATIME, 0x10],
  [MS_STRICTATIME, 0x20],
  [MS_NODIRATIME, 0x80],
  [MS_NOSYMFOLLOW, 0x200000],
];

/**
 * Mounts an overlay whose options do not fit the page that mount(2) copies (some 60 image layers). With the mount API
 * of Linux 6.5 every lower directory is a setting of its own (`lowerdir+`); before that, or with very long paths, the
 * directories are named relative to their common parent, which is made the current directory for the one call.
 */
export function mountOverlayWithLongOptions(source: string, target: string, flags: number, data: string): void {
  const options = splitOverlayOptions(data);
  const fits = options.every(([, value]) => value === undefined || Buffer.byteLength(value) <= fsconfigMaximum);
  if (!fits || !mountByFsconfig(source, target, flags, options)) mountRelative(source, target, flags, options);
}

type OverlayOption = [key: string, value: string | undefined];

/** `lowerdir=a:b,upperdir=u` → lowerdir+ a, lowerdir+ b, upperdir u. A colon or comma in a path is escaped by "\". */
export function splitOverlayOptions(data: string): OverlayOption[] {
  const options: OverlayOption[] = [];
  for (const option of splitEscaped(data, ',')) {
    const equals = option.indexOf('=');
    if (equals < 0) options.push([option, undefined]);
    else if (option.slice(0, equals) !== 'lowerdir') options.push([option.slice(0, equals), option.slice(equals + 1)]);
    else for (const lower of splitEscaped(option.slice(equals + 1), ':')) options.push(['lowerdir+', lower]);
  }
  if (options.some(([key, value]) => key === 'lowerdir+' && !value))
    throw new EngineError('invalid-argument', 'overlay option has an empty lower directory');
  return options;
}

function splitEscaped(text: string, separator: string): string[] {
  const parts: string[] = [];
  let part = '';
  for (let i = 0; i < text.length; i++) {
    if (text[i] === separator) {
      parts.push(part);
      part = '';
    } else if (text[i] === '\\' && i + 1 < text.length) part += text.slice(i, ++i + 1);
    else part += text[i];
  }
  return [...parts, part];
}

/** False if this kernel cannot; throws if it can and refuses this mount. */
function mountByFsconfig(source: string, target: string, flags: number, options: readonly OverlayOption[]): boolean {
  const context = nativeFsopen(SYS_fsopen, cstr('overlay'), FSOPEN_CLOEXEC);
  if (context === -1) return false;
  let mounted = -1;
  try {
    configure(context, FSCONFIG_SET_STRING, 'source', source, target);
    for (const [key, value] of options) {
      const command = value === undefined ? FSCONFIG_SET_FLAG : FSCONFIG_SET_STRING;
      // `lowerdir+` takes the path as it is, without escapes.
      if (configure(context, command, key, value?.replace(/\\(.)/gs, '$1'), target)) continue;
      return false; // EINVAL on `lowerdir+`: a kernel before 6.5
    }
    configure(context, FSCONFIG_CMD_CREATE, undefined, undefined, target);
    const attributes = mountAttributes.reduce((all, [flag, bit]) => (flags & flag ? all | bit : all), 0);
    mounted = nativeFsmount(SYS_fsmount, context, FSMOUNT_CLOEXEC, attributes);
    if (mounted === -1) throw failure(context, target);
    const moved = nativeMoveMount(SYS_move_mount, mounted, cstr(''), AT_FDCWD, cstr(target), MOVE_MOUNT_F_EMPTY_PATH);
    if (moved === -1) throw failure(context, target);
    return true;
  } finally {
    if (mounted !== -1) closeFd(mounted);
    closeFd(context);
  }
}

function configure(
  context: number,
  command: number,
  key: string | undefined,
  value: string | undefined,
  target: string,
): boolean {
  if (nativeFsconfig(SYS_fsconfig, context, command, cstrOrNull(key), cstrOrNull(value), 0) === 0) return true;
  if (key === 'lowerdir+' && errno() === Errno.EINVAL) return false;
  throw failure(context, target);
}

/** The errno of the last call, with what the file system has to say about it ("e overlay: …"). */
function failure(context: number, target: string): SystemCallError {
  const number = errno();
  const message = Buffer.alloc(1024);
  let text = '';
  try {
    const count = readFd(context, message);
    if (count)
      text = message
        .toString('utf8', 0, count)
        .replace(/^[ewi] /, '')
        .trim();
  } catch {
    // No message waiting (ENODATA): the errno has to do.
  }
  return new SystemCallError('mount', number, target, text || undefined);
}

const directoryOptions = new Set(['lowerdir+', 'upperdir', 'workdir']);

function mountRelative(source: string, target: string, flags: number, options: readonly OverlayOption[]): void {
  const lowers = options.filter(([key]) => key === 'lowerdir+').map(([, value]) => value!);
  const parent = commonParent(lowers);
  const relative = (path: string) => (path.startsWith(parent) ? path.slice(parent.length) : path);
  const rest = options.filter(([key]) => key !== 'lowerdir+');
  const shown = rest.map(([key, value]) =>
    value === undefined ? key : `${key}=${directoryOptions.has(key) ? relative(value) : value}`,
  );
  const data = [`lowerdir=${lowers.map(relative).join(':')}`, ...shown].join(',');
  if (parent === '' || Buffer.byteLength(data) > mountDataMaximum)
    throw new EngineError('invalid-argument', `overlay has too many or too long lower directories: ${lowers.length}`);
  inDirectory(parent, () => mount(source, target, 'overlay', flags, data));
}

/** Longest directory (with its final slash) that all paths are below. */
function commonParent(paths: readonly string[]): string {
  let parent = paths[0] ?? '';
  for (const path of paths)
    while (!path.startsWith(parent) || !parent.endsWith('/')) {
      if (parent === '' || parent === '/') return '';
      parent = parent.slice(0, parent.lastIndexOf('/', parent.length - 2) + 1);
    }
  return parent;
}

/**
 * The current directory belongs to the whole process. Nothing else runs on this thread meanwhile, and our other
 * threads use absolute paths only.
 */
function inDirectory(directory: string, call: () => void): void {
  const here = openAt(AT_FDCWD, '.', O_PATH | O_DIRECTORY | O_CLOEXEC);
  try {
    if (chdir(cstr(directory)) === -1) throw new SystemCallError('enter', errno(), directory);
    call();
  } finally {
    const back = fchdir(here);
    const number = errno();
    closeFd(here);
    // biome-ignore lint/correctness/noUnsafeFinally: running on in the wrong directory would be worse than the cause
    if (back === -1) throw new SystemCallError('return to the previous directory', number);
  }
}
