/** The kernel: everything Node has no binding for. The only package that calls native code. See README.md. */

export type {PathLike} from './c-string.ts';
export {Errno, errnoName} from './errno-names.ts';
export {errorText, isErrno, SystemCallError} from './errors.ts';
export * from './fd.ts';
export * from './file-space.ts';
export {readKernelFile, readKernelFileIfExists, writeKernelFile} from './kernel-file.ts';
export * from './mount.ts';
export * from './mount-all.ts';
export * from './mount-info.ts';
export * from './namespaces.ts';
export * from './netlink/index.ts';
export * from './nodes.ts';
export * from './open-at.ts';
export * from './pipe-reader.ts';
export * from './pipe-writer.ts';
export {POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT, pollFd} from './poll.ts';
export * from './process.ts';
export * from './pty.ts';
export * from './signals.ts';
export * from './spawn.ts';
export * from './unix-datagram.ts';
export * from './unix-socket.ts';
export * from './wait.ts';
export * from './watch-fd.ts';
export * from './watch-path.ts';
export * from './xattr.ts';
