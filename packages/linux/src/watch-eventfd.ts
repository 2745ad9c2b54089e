import {Buffer} from 'node:buffer';
import {check, SystemCallError} from './errors.ts';
import {closeFd, O_CLOEXEC, writeFd} from './fd.ts';
import {addressOf, bind, bindFrom, keepAlive, type Pointer} from './libc.ts';
import {addWakeSource, runCallback, wakeSignal} from './wake-signal.ts';

/**
 * Events of an eventfd. It cannot signal (no O_ASYNC), and a read through node:fs would hold a thread of the runtime's
 * small pool for ever. So libc reads it, with POSIX AIO: glibc's own little thread sleeps in read(2) and the completion
 * arrives as the signal of `wake-signal.ts`.
 */
const nativeEventfd = bind<[initial: number, flags: number]>('eventfd', 'int', 'uint', 'int');
const malloc = bind<[size: number], bigint>('malloc', 'void *', 'size_t');
const free = bind<[block: bigint], void>('free', 'int', 'void *');
const memcpy = bind<[to: Pointer, from: Pointer, size: number], unknown>(
  'memcpy',
  'void *',
  'void *',
  'void *',
  'size_t',
);
const aioInit = bindFrom<[settings: Pointer]>('librt.so.1', 'aio_init', 'int', 'void *');
const aioRead = bindFrom<[block: bigint]>('librt.so.1', 'aio_read', 'int', 'void *');
const aioError = bindFrom<[block: bigint]>('librt.so.1', 'aio_error', 'int', 'void *');
const aioReturn = bindFrom<[block: bigint]>('librt.so.1', 'aio_return', 'long', 'void *');

const EINPROGRESS = 115;
const SIGEV_SIGNAL = 0;
/** struct aiocb has 168 bytes on 64-bit glibc; the counter that is read comes right after this. */
const blockSize = 256;
/** Each watch occupies one of libc's threads, and more watches than threads would starve. */
const maximumThreads = 1024;

let prepared = false;

export interface EventfdWatch extends Disposable {
  /** For whoever is to signal: the kernel, or `writeFd` of an 8-byte number. */
  readonly fd: number;
}

/** Makes an eventfd and calls `onEvent` with the sum of what was added since the last call. Does not hold the process. */
export function watchEventfd(onEvent: (count: bigint) => void): EventfdWatch {
  prepare();
  // Blocking: the thread of libc has to sleep in read(2).
  const fd = check('make an eventfd', undefined, nativeEventfd(0, O_CLOEXEC));
  const block = malloc(blockSize + 8);
  let closed = false;
  let wake: Disposable | undefined;
  const finish = () => {
    wake?.[Symbol.dispose]();
    closeFd(fd);
    free(block);
  };
  const poll = () => {
    if (aioError(block) === EINPROGRESS) return false;
    const size = aioReturn(block);
    const count = size === 8 ? counterOf(block) : 0n;
    if (closed) {
      finish();
      return false;
    }
    submit(fd, block);
    if (count > 0n) runCallback(() => onEvent(count));
    return true;
  };
  try {
    submit(fd, block);
  } catch (error) {
    closed = true;
    finish();
    throw error;
  }
  wake = addWakeSource(poll);
  return {
    fd,
    [Symbol.dispose]() {
      if (closed) return;
      closed = true;
      // Ends the read; the memory is libc's until that has arrived.
      writeFd(fd, Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]));
    },
  };
}

function prepare(): void {
  if (prepared) return;
  prepared = true;
  // struct aioinit {int threads, num, locks, usedba, debug, numusers, idle_time, reserved}
  const settings = Buffer.alloc(32);
  settings.writeInt32LE(maximumThreads, 0);
  settings.writeInt32LE(64, 4);
  aioInit(settings);
}

/**
 * SAFETY: `block` comes from malloc and is freed only after aio_error says that libc is done with it. It holds the
 * aiocb and behind it the 8 bytes that read(2) fills. The template is copied in during one synchronous call.
 */
function submit(fd: number, block: bigint): void {
  const control = Buffer.alloc(blockSize + 8);
  control.writeInt32LE(fd, 0);
  control.writeBigUInt64LE(block + BigInt(blockSize), 16);
  control.writeBigUInt64LE(8n, 24);
  control.writeInt32LE(wakeSignal, 40);
  control.writeInt32LE(SIGEV_SIGNAL, 44);
  memcpy(block, control, control.length);
  if (aioRead(block) === -1) throw new SystemCallError('read asynchronously from', 11, `fd ${fd}`);
}

function counterOf(block: bigint): bigint {
  const counter = Buffer.alloc(8);
  return keepAlive(counter, () => {
    memcpy(addressOf(counter), block + BigInt(blockSize), 8);
    return counter.readBigUInt64LE(0);
  });
}
