import {bind, type Pointer} from './libc.ts';

/** ioctl(2) with a buffer that the kernel reads or writes; -1 and errno when it fails. */
export const ioctl = bind<[fd: number, request: number, argument: Pointer]>('ioctl', 'int', 'int', 'ulong', 'void *');
