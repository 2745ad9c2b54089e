import {check} from './errors.ts';
import {readKernelFile} from './kernel-file.ts';
import {bind} from './libc.ts';

const madvise = bind<[address: bigint, size: number, advice: number]>('madvise', 'int', 'void *', 'size_t', 'int');

const MADV_DONTNEED = 4;

/** Address and size of each piece of program text and of the constants before it, which nothing ever writes to. */
let texts: {address: bigint; size: number}[] | undefined;

/**
 * Takes the program text and constants of the executable and its libraries out of this process's page tables. They stay
 * in the page cache, and what runs next is mapped again at the cost of a page fault per 64 KiB, without I/O. For a
 * process that has started and will now mostly wait: starting a JavaScript runtime maps 30 MiB, of which waiting needs
 * next to nothing.
 */
export function releaseCodePages(): void {
  texts ??= findTexts(readKernelFile('/proc/self/maps'));
  for (const {address, size} of texts) check('release code pages', undefined, madvise(address, size, MADV_DONTNEED));
}

/**
 * Private, readable, executable and not writable mappings of files: `START-END r-xp OFFSET DEVICE INODE PATH`, and the
 * beginnings of files that are only readable. A later part may be one that the linker has written to (RELRO).
 */
export function findTexts(maps: string): {address: bigint; size: number}[] {
  const found: {address: bigint; size: number}[] = [];
  for (const line of maps.split('\n')) {
    const match = /^([0-9a-f]+)-([0-9a-f]+) (?:r-xp [0-9a-f]+|r--p 0+) \S+ [1-9]\d* +\//.exec(line);
    if (!match) continue;
    const address = BigInt(`0x${match[1]}`);
    found.push({address, size: Number(BigInt(`0x${match[2]}`) - address)});
  }
  return found;
}
