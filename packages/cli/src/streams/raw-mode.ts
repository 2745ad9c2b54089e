/** The modes of a terminal that need the kernel: loaded only when one is asked for. */
import type {ReadStream} from 'node:tty';
import {disableEcho, makeRaw as makeTerminalRaw} from '@longshore/linux';

/** Terminal settings outlive the process, so they are put back however it ends. */
export function makeRaw(stdin: ReadStream): Disposable {
  return untilDisposed(makeTerminalRaw(fdOf(stdin)));
}

/** Lines are typed as ever, but nothing of them is shown. */
export function hideInput(stdin: ReadStream): Disposable {
  return untilDisposed(disableEcho(fdOf(stdin)));
}

function fdOf(stdin: ReadStream): number {
  return (stdin as ReadStream & {fd: number}).fd;
}

function untilDisposed(restore: () => void): Disposable {
  let isChanged = true;
  const undo = () => {
    if (isChanged) restore();
    isChanged = false;
  };
  process.on('exit', undo);
  return {
    [Symbol.dispose]: () => {
      process.off('exit', undo);
      undo();
    },
  };
}
