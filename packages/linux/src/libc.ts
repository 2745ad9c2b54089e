import type {LibraryHandle} from 'koffi';
import loadKoffi from './koffi.cjs';

/**
 * The only place where JavaScript meets C. Everything else of this package calls functions made by `bind`.
 *
 * SAFETY, for every call through here: a buffer passed as `void *` is pinned by the argument list until the call
 * returns, and neither V8 nor JavaScriptCore moves the storage of a Uint8Array that native code has asked for. The
 * kernel and libc keep no pointer after these calls return; where one is kept or nested in a struct (msghdr, iovec,
 * posix_spawn actions) the caller says how it stays alive.
 */
interface Koffi {
  load(path: string): LibraryHandle;
  errno(): number;
  address(value: Uint8Array): bigint;
  config(values: {sync_stack_size: number; sync_heap_size: number}): void;
}

/** What a `void *` parameter takes: a buffer, an address made by `addressOf`, or NULL. */
export type Pointer = Uint8Array | bigint | null;

/** The arguments and result that one of our C prototypes can have. 64-bit results are numbers while they are exact. */
type CType = 'int' | 'uint' | 'long' | 'ulong' | 'size_t' | 'int64_t' | 'uint64_t' | 'void *' | 'str' | 'str *';

let koffi: Koffi | undefined;
let library: LibraryHandle | undefined;

function load(): Koffi {
  if (koffi) return koffi;
  koffi = (loadKoffi as unknown as () => Koffi)();
  // The defaults are 2 MiB and 1 MiB. A process that runs once per container has no memory to spare, and no call here
  // needs more than a few hundred bytes of stack; strings larger than the heap block are allocated by themselves.
  try {
    koffi.config({sync_stack_size: 256 * 1024, sync_heap_size: 64 * 1024});
  } catch {
    // Too late when another copy of this module was first (a test runner): only memory is lost.
  }
  library = koffi.load('libc.so.6');
  return koffi;
}

/** A libc function that is looked up at its first call. Throws at that call if this libc has no such function. */
export function bind<A extends unknown[], R = number>(name: string, result: CType, ...args: CType[]): (...a: A) => R {
  let native: ((...a: A) => R) | undefined;
  return (...a) => {
    native ??= resolve<A, R>(name, result, args);
    return native(...a);
  };
}

function resolve<A extends unknown[], R>(name: string, result: CType, args: CType[]): (...a: A) => R {
  load();
  return library!.func(name, result, args) as unknown as (...a: A) => R;
}

/** As `bind` for a call that may take long: on one of the runtime's threads, whose errno nobody sees. */
export function bindAsync<A extends unknown[], R = number>(
  name: string,
  result: CType,
  ...args: CType[]
): (...a: A) => Promise<R> {
  let native: ReturnType<LibraryHandle['func']> | undefined;
  return (...a) => {
    load();
    native ??= library!.func(name, result, args);
    const {promise, resolve: done, reject} = Promise.withResolvers<R>();
    native.async(...a, (error: Error | null, value: R) => (error ? reject(error) : done(value)));
    return promise;
  };
}

/** As `bind`, from another library if libc does not have it (librt, before glibc 2.34). */
export function bindFrom<A extends unknown[], R = number>(
  otherLibrary: string,
  name: string,
  result: CType,
  ...args: CType[]
): (...a: A) => R {
  let native: ((...a: A) => R) | undefined;
  return (...a) => {
    native ??= hasFunction(name)
      ? resolve<A, R>(name, result, args)
      : (load().load(otherLibrary).func(name, result, args) as unknown as (...a: A) => R);
    return native(...a);
  };
}

/** True if this libc exports the function (newer glibc functions are optional). */
export function hasFunction(name: string): boolean {
  load();
  try {
    library!.func(name, 'int', []);
    return true;
  } catch {
    return false; // koffi's only way to say so
  }
}

/** errno of the last call on this thread. Read it at once: any later call may change it. */
export function errno(): number {
  return load().errno();
}

/**
 * Address of a buffer's storage, for structs that contain pointers.
 * The caller keeps the buffer alive with `keepAlive` until after the call that uses the struct.
 */
export function addressOf(buffer: Uint8Array): bigint {
  return load().address(buffer);
}

let kept: unknown;

/** Runs `call` while `buffers` are reachable from a module variable, which no optimiser may drop across a call. */
export function keepAlive<T>(buffers: unknown, call: () => T): T {
  const outer = kept;
  kept = [outer, buffers];
  try {
    return call();
  } finally {
    kept = outer;
  }
}
