import {SystemCallError} from './errors.ts';
import {closeFd, O_CLOEXEC, O_NOCTTY, O_PATH} from './fd.ts';
import {type FdHandlers, type FdWatch, type WatchOptions, watchReadiness} from './readiness.ts';
import {isPtyMaster, openPtyPeer} from './terminal.ts';
import {lookSoon} from './wake-signal.ts';
import {IN_CLOSE_NOWRITE, IN_CLOSE_WRITE, watchPath} from './watch-path.ts';

/**
 * Calls `readable` and `writable` from the event loop while the descriptor is ready (level semantics: a callback that
 * leaves data unread is called again on a later turn). For FIFOs, pipes, ttys, inotify and netlink sockets; makes the
 * open file description O_NONBLOCK and O_ASYNC, so it must not be shared with a process that does not expect that.
 * Dispose the watch before closing the descriptor. Main thread only (failed-precondition); descriptors that cannot
 * signal, such as eventfds (see `watchEventfd`) and regular files, are refused (unimplemented).
 */
export function watchFd(fd: number, handlers: FdHandlers, options: WatchOptions = {}): FdWatch {
  const watch = watchReadiness(fd, handlers, options);
  if (!isPtyMaster(fd)) return watch;
  let hangup: Disposable;
  try {
    hangup = watchHangup(fd);
  } catch (error) {
    watch[Symbol.dispose]();
    throw error;
  }
  return {
    setInterest: interest => watch.setInterest(interest),
    setRef: ref => watch.setRef(ref),
    [Symbol.dispose]() {
      hangup[Symbol.dispose]();
      watch[Symbol.dispose]();
    },
  };
}

/** When to look after a close: the event comes while the kernel is still on its way to the hang-up. */
const delaysMs = [0, 2, 20, 200];

/**
 * A pty master gets no signal when its last slave is closed (the kernel's pty_close() wakes only sleepers). So inotify
 * tells of every close of the slave. It is found by O_PATH, which neither opens the terminal nor needs its path.
 */
function watchHangup(master: number): Disposable {
  let slave: number;
  try {
    slave = openPtyPeer(master, O_PATH | O_NOCTTY | O_CLOEXEC);
  } catch (error) {
    if (!(error instanceof SystemCallError)) throw error;
    return watchChildren(); // its devpts is out of reach
  }
  const timers = new Set<NodeJS.Timeout>();
  const onClose = () => {
    for (const delay of delaysMs) {
      const timer = setTimeout(() => {
        timers.delete(timer);
        lookSoon();
      }, delay);
      timers.add(timer);
    }
  };
  try {
    const watch = watchPath(`/proc/self/fd/${slave}`, IN_CLOSE_WRITE | IN_CLOSE_NOWRITE, onClose, {ref: false});
    return {
      [Symbol.dispose]() {
        watch[Symbol.dispose]();
        for (const timer of timers) clearTimeout(timer);
      },
    };
  } finally {
    closeFd(slave);
  }
}

/** Second best: who has a terminal open is mostly a child, and its end is announced. */
function watchChildren(): Disposable {
  process.on('SIGCHLD', lookSoon);
  return {[Symbol.dispose]: () => void process.off('SIGCHLD', lookSoon)};
}
