import {readKernelFile} from './kernel-file.ts';

let known: boolean | undefined;

/** True when this process is not in the initial user namespace, which maps all ids to themselves. */
export function inUserNamespace(): boolean {
  known ??= !/^\s*0\s+0\s+4294967295\s*$/.test(readKernelFile('/proc/self/uid_map'));
  return known;
}
