import {Buffer} from 'node:buffer';
import {EngineError} from '@longshore/errdefs';
import {Errno} from './errno-names.ts';
import {SystemCallError} from './errors.ts';
import {fcntl, O_ASYNC, O_NONBLOCK, setStatusFlags, statusFlags} from './fd.ts';
import {bind} from './libc.ts';
import {POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT, pollfdSize, pollTable} from './poll.ts';
import {addWakeSource, lookSoon, runCallback, wakeSignal} from './wake-signal.ts';

/**
 * Readiness of FIFOs, pipes, ttys, inotify and netlink sockets in both runtimes. Bun's event loop has no public way to
 * watch a descriptor that is not a socket, so the kernel is asked to send a signal (O_ASYNC) when anything changes, and
 * one poll(2) over all watched descriptors then tells what did. No thread, no timer, nothing to do while idle. The
 * kernel sends the signal after it has made the data visible, and `wake-signal.ts` sees that none goes unheeded.
 */
export interface FdWatch extends Disposable {
  /** Switches callbacks on and off; what is left out stays as it is. An enabled one is polled for at once. */
  setInterest(interest: {readable?: boolean; writable?: boolean}): void;
  /** Whether the watch keeps the process running. */
  setRef(ref: boolean): void;
}

export interface FdHandlers {
  /** There is something to read, or the other side is gone (the next read says which). */
  readable?: () => void;
  /** There is room, or the reader is gone (the next write fails with EPIPE). Off until `setInterest` asks for it. */
  writable?: () => void;
}

export interface WatchOptions {
  /** Whether the watch keeps the process running. Default true. */
  ref?: boolean;
}

const F_SETOWN = 8;
const F_SETSIG = 10;

const gettid = bind<[]>('gettid', 'int');

/** As `watchFd`, for kinds of descriptors that announce everything by a signal: all but pty masters. */
export function watchReadiness(fd: number, handlers: FdHandlers, options: WatchOptions = {}): FdWatch {
  if (gettid() !== process.pid)
    throw new EngineError('failed-precondition', 'descriptors can only be watched on the main thread');
  return new Watch(fd, handlers, options.ref ?? true);
}

const watches: Set<Watch> = new Set();
/** How many watches each descriptor has: reader and writer of a pty may be two. */
const armed: Map<number, number> = new Map();

class Watch implements FdWatch {
  readonly fd: number;
  readonly handlers: FdHandlers;
  #ref = false;
  events: number;
  closed = false;

  constructor(fd: number, handlers: FdHandlers, ref: boolean) {
    this.fd = fd;
    this.handlers = handlers;
    this.events = handlers.readable ? POLLIN : 0;
    arm(fd);
    watches.add(this);
    joinWakeSignal();
    this.setRef(ref);
    tableIsStale = true;
    lookSoon();
  }

  setInterest(interest: {readable?: boolean; writable?: boolean}): void {
    const before = this.events;
    if (interest.readable !== undefined) this.#set(POLLIN, interest.readable && this.handlers.readable !== undefined);
    if (interest.writable !== undefined) this.#set(POLLOUT, interest.writable && this.handlers.writable !== undefined);
    if (this.closed || this.events === before) return;
    tableIsStale = true;
    if ((this.events & ~before) !== 0) lookSoon();
  }

  setRef(ref: boolean): void {
    if (this.closed || ref === this.#ref) return;
    this.#ref = ref;
    holdLoop(ref ? 1 : -1);
  }

  #set(bit: number, on: boolean): void {
    this.events = on ? this.events | bit : this.events & ~bit;
  }

  [Symbol.dispose](): void {
    if (this.closed) return;
    this.setRef(false);
    this.closed = true;
    watches.delete(this);
    tableIsStale = true;
    disarm(this.fd);
  }
}

function arm(fd: number): void {
  const count = armed.get(fd) ?? 0;
  if (count === 0) {
    // The owner first: a tty would otherwise make its foreground process group the receiver.
    fcntl(fd, F_SETOWN, process.pid);
    fcntl(fd, F_SETSIG, wakeSignal);
    setStatusFlags(fd, O_ASYNC | O_NONBLOCK, O_ASYNC | O_NONBLOCK);
    // The kernel ignores O_ASYNC silently where a driver has no fasync operation; the flag then stays off.
    if ((statusFlags(fd) & O_ASYNC) === 0)
      throw new EngineError('unimplemented', `fd ${fd} is of a kind that cannot signal readiness`);
  }
  armed.set(fd, count + 1);
}

function disarm(fd: number): void {
  const count = (armed.get(fd) ?? 1) - 1;
  if (count > 0) {
    armed.set(fd, count);
    return;
  }
  armed.delete(fd);
  try {
    setStatusFlags(fd, 0, O_ASYNC);
  } catch (error) {
    // Closed by its owner already: then nothing signals any more.
    if (!(error instanceof SystemCallError && error.errno === Errno.EBADF)) throw error;
  }
}

let joined = false;

/** Once and for good: with nothing watched a look costs nothing. */
function joinWakeSignal(): void {
  if (!joined) addWakeSource(pollAll);
  joined = true;
}

let table = Buffer.alloc(0);
let polled: Watch[] = [];
let tableIsStale = true;

/** One poll(2) for all, and the callbacks of those that are ready. */
function pollAll(): boolean {
  if (tableIsStale) buildTable();
  if (polled.length === 0) return false;
  const current = polled;
  const revents = table;
  if (pollTable(revents, current.length) === 0) return false;
  for (let i = 0; i < current.length; i++) {
    const bits = revents.readInt16LE(i * pollfdSize + 6);
    if (bits !== 0) deliver(current[i]!, bits);
  }
  return true;
}

function buildTable(): void {
  tableIsStale = false;
  polled = [...watches].filter(watch => watch.events !== 0);
  table = Buffer.alloc(polled.length * pollfdSize);
  for (const [i, watch] of polled.entries()) {
    table.writeInt32LE(watch.fd, i * pollfdSize);
    table.writeInt16LE(watch.events, i * pollfdSize + 4);
  }
}

function deliver(watch: Watch, bits: number): void {
  const gone = (bits & (POLLHUP | POLLERR | POLLNVAL)) !== 0;
  // Interest is looked up again for each: an earlier callback may have paused or closed this watch.
  if ((watch.events & POLLIN) !== 0 && (gone || (bits & POLLIN) !== 0)) call(watch, watch.handlers.readable);
  if ((watch.events & POLLOUT) !== 0 && (gone || (bits & POLLOUT) !== 0)) call(watch, watch.handlers.writable);
}

function call(watch: Watch, handler: (() => void) | undefined): void {
  if (!watch.closed && handler) runCallback(handler);
}

let holders = 0;
let holder: NodeJS.Timeout | undefined;

/** Signal listeners do not keep a process running, so a timer that fires every 24 days does. */
function holdLoop(change: number): void {
  holders += change;
  if (holders > 0) holder ??= setInterval(() => {}, 0x7fffffff);
  else {
    clearInterval(holder);
    holder = undefined;
  }
}
