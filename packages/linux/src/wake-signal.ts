import {Buffer} from 'node:buffer';
import {EngineError} from '@longshore/errdefs';
import {check} from './errors.ts';
import {bind, type Pointer} from './libc.ts';

/**
 * How the kernel and libc wake the event loop for things that it cannot watch: by a signal that says nothing but "look".
 *
 * The handler works once (SA_RESETHAND). From the first signal on the disposition is the default, which for SIGURG is to
 * be ignored: a writer of a million small pieces raises one signal, not a million. That matters, for the runtimes keep
 * signals in short queues (4,096 in Node, 8,192 in Bun) and drop what does not fit, SIGCHLD and SIGTERM included. The
 * default of SIGIO, which the kernel would use unasked, is to end the process.
 *
 * Nothing is lost: as long as looking finds something it is repeated on the next turn of the loop, and after the
 * handler has been armed again everything is looked at once more.
 */
export const wakeSignal = 23; // SIGURG

/** Finds out, cheaply and without waiting, whether it was meant, and acts. True if there may be more to find. */
export type WakeSource = () => boolean;

const sigaction = bind<[signal: number, next: Pointer, previous: Pointer]>(
  'sigaction',
  'int',
  'int',
  'void *',
  'void *',
);
const sigmask = bind<[how: number, set: Pointer, previous: Pointer]>(
  'pthread_sigmask',
  'int',
  'int',
  'void *',
  'void *',
);

const SIG_UNBLOCK = 1;
const SA_RESETHAND = 0x80000000;
/** struct sigaction of 64-bit glibc: handler, 128 bytes of mask, flags at 136, restorer. */
const actionSize = 152;
const flagsOffset = 136;

const sources: Set<WakeSource> = new Set();
let action: Buffer | undefined;
let armed = false;
let scheduled = false;

/** Asks `source` after every signal, until disposed. Does not keep the process running. */
export function addWakeSource(source: WakeSource): Disposable {
  listen();
  sources.add(source);
  return {[Symbol.dispose]: () => void sources.delete(source)};
}

/** Asks all sources on the next turn of the event loop. */
export function lookSoon(): void {
  if (scheduled) return;
  scheduled = true;
  setImmediate(onTurn);
}

/** Calls back a user. What it throws is uncaught, as from any event listener, yet the other sources are served. */
export function runCallback(callback: () => void): void {
  try {
    callback();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

function onTurn(): void {
  scheduled = false;
  look();
}

function onSignal(): void {
  armed = false;
  look();
}

function look(): void {
  let found = askAll();
  if (!found && !armed) {
    arm();
    found = askAll();
  }
  if (found) lookSoon();
}

function askAll(): boolean {
  let found = false;
  for (const source of sources) if (source()) found = true;
  return found;
}

/** The listener is installed once and stays. The runtime then has a handler, which is made one that works once. */
function listen(): void {
  if (action) return;
  process.on('SIGURG', onSignal);
  const installed = Buffer.alloc(actionSize);
  check('get action of', 'SIGURG', sigaction(wakeSignal, null, installed));
  if (installed.readBigUInt64LE(0) <= 1n) throw new EngineError('internal', 'the runtime has no handler of SIGURG');
  installed.writeUInt32LE((installed.readUInt32LE(flagsOffset) | SA_RESETHAND) >>> 0, flagsOffset);
  action = installed;
  // Whoever started us may have blocked it, and a mask outlives exec.
  const set = Buffer.alloc(128);
  set.writeUInt32LE(1 << (wakeSignal - 1), 0);
  sigmask(SIG_UNBLOCK, set, null);
  arm();
}

function arm(): void {
  check('set action of', 'SIGURG', sigaction(wakeSignal, action!, null));
  armed = true;
}
