/** The local terminal while a process in a container has it. */
import type {CallContext} from '@longshore/base';
import type {ContainerdClient} from '@longshore/containerd-client';
import {EngineError} from '@longshore/errdefs';
import {getWindowSize, isTerminal, makeRaw} from '@longshore/linux';
import {forwardableSignals, parseSignal} from '@longshore/term';

export interface ProcessName {
  containerId: string;
  /** Empty for the container's first process. */
  execId: string;
}

/** Raw mode, and the size passed on now and at each change. Throws when standard input is no terminal. */
export async function takeTerminal(ctx: CallContext, client: ContainerdClient, name: ProcessName): Promise<Disposable> {
  if (!isTerminal(0)) throw new EngineError('invalid-argument', 'provided file is not a console: -t needs a terminal');
  const restore = makeRaw(0);
  const resize = () => {
    const {rows, columns} = getWindowSize(0);
    // A process that has just ended has no size any more.
    client.tasks.resizePty(ctx, {...name, width: columns, height: rows}).catch(() => {});
  };
  process.on('SIGWINCH', resize);
  resize();
  return {
    [Symbol.dispose]: () => {
      process.off('SIGWINCH', resize);
      restore();
    },
  };
}

/** Without a terminal, signals that we get are the process's. */
export function forwardSignals(ctx: CallContext, client: ContainerdClient, name: ProcessName): Disposable {
  const handlers = forwardableSignals().map(signal => {
    const handler = () => {
      client.tasks.kill(ctx, {...name, signal: parseSignal(signal)}).catch(() => {});
    };
    process.on(signal, handler);
    return () => process.off(signal, handler);
  });
  return {
    [Symbol.dispose]: () => {
      for (const off of handlers) off();
    },
  };
}
