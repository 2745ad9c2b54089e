import {Buffer} from 'node:buffer';
import {EngineError} from '@longshore/errdefs';
import {Errno} from './errno-names.ts';
import {SystemCallError} from './errors.ts';
import {fcntl, O_ASYNC, O_NONBLOCK, setStatusFlags, statusFlags} from './fd.ts';
import {bind, type Pointer} from './libc.ts';
import {POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT, pollfdSize, pollTable} from './poll.ts';

/**
 * Readiness of FIFOs, pipes, ttys, inotify and netlink sockets in both runtimes. Bun's event loop has no public way to
 * watch a descriptor that is not a socket, so the kernel is asked to send SIGIO (O_ASYNC) when anything changes, and
 * one poll(2) over all watched descriptors then tells what did. No thread, no timer, nothing to do while idle.
 *
 * No event is lost: the kernel sends the signal after it has made the data visible, every signal leads to a poll that
 * starts later, arming and re-enabling lead to a poll, and a poll that found something is repeated on the next turn of
 * the loop until one finds nothing.
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
const SIGIO = 29;
const SIG_UNBLOCK = 1;

const gettid = bind<[]>('gettid', 'int');
const sigmask = bind<[how: number, set: Pointer, previous: Pointer]>(
  'pthread_sigmask',
  'int',
  'int',
  'void *',
  'void *',
);

/** As `watchFd`, for kinds of descriptors that announce everything by SIGIO: all but pty masters. */
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
    listen();
    arm(fd);
    watches.add(this);
    this.setRef(ref);
    tableIsStale = true;
    pollSoon();
  }

  setInterest(interest: {readable?: boolean; writable?: boolean}): void {
    const before = this.events;
    if (interest.readable !== undefined) this.#set(POLLIN, interest.readable && this.handlers.readable !== undefined);
    if (interest.writable !== undefined) this.#set(POLLOUT, interest.writable && this.handlers.writable !== undefined);
    if (this.closed || this.events === before) return;
    tableIsStale = true;
    if ((this.events & ~before) !== 0) pollSoon();
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

let listening = false;

/** Installed once and never removed: SIGIO without a handler ends the process. */
function listen(): void {
  if (listening) return;
  listening = true;
  process.on('SIGIO', onSignal);
  // Whoever started us may have blocked it, and a mask outlives exec.
  const set = Buffer.alloc(128);
  set.writeUInt32LE(1 << (SIGIO - 1), 0);
  sigmask(SIG_UNBLOCK, set, null);
}

let polledThisTurn = false;
let pollScheduled = false;

const wakeListeners: Set<() => void> = new Set();

/**
 * Calls `listener` at every SIGIO, for other sources that the kernel or libc announces by that signal. It must find out
 * by itself, and cheaply, whether it was meant.
 */
export function onWakeSignal(listener: () => void): Disposable {
  listen();
  wakeListeners.add(listener);
  return {[Symbol.dispose]: () => void wakeListeners.delete(listener)};
}

/** Polls at the first signal of a turn; the others of that turn share one poll at its end. */
function onSignal(): void {
  for (const listener of wakeListeners) listener();
  if (watches.size === 0) return;
  if (polledThisTurn) pollSoon();
  else pollNow();
}

/** Polls all watched descriptors on the next turn of the event loop. */
export function pollSoon(): void {
  if (pollScheduled) return;
  pollScheduled = true;
  setImmediate(onTurn);
}

function onTurn(): void {
  pollScheduled = false;
  polledThisTurn = false;
  pollNow();
}

let table = Buffer.alloc(0);
let polled: Watch[] = [];
let tableIsStale = true;

function pollNow(): void {
  polledThisTurn = true;
  if (tableIsStale) buildTable();
  if (polled.length === 0) {
    polledThisTurn = false;
    return;
  }
  const current = polled;
  const revents = table;
  if (pollTable(revents, current.length) > 0) {
    // Before the callbacks: one that throws must not stop the next poll.
    pollSoon();
    for (let i = 0; i < current.length; i++) {
      const bits = revents.readInt16LE(i * pollfdSize + 6);
      if (bits !== 0) deliver(current[i]!, bits);
    }
  } else if (!pollScheduled) {
    // Only turns with several signals need the reset, and only a turn that is scheduled resets.
    polledThisTurn = false;
  }
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
  if (watch.closed || !handler) return;
  try {
    handler();
  } catch (error) {
    // As an error thrown in any event listener: uncaught, yet the other descriptors are served.
    queueMicrotask(() => {
      throw error;
    });
  }
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
