/** SIGINT, SIGTERM and SIGHUP end a command in order: what it has begun is cancelled and what it holds is released. */
import {constants} from 'node:os';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface Interrupts extends Disposable {
  /** Aborted by the first of the signals. */
  readonly signal: AbortSignal;
  /** 128 + the signal that came; undefined when none did. */
  exitCode(): number | undefined;
}

/** The second signal ends the process at once. While somebody else listens to a signal too, it is theirs. */
export function watchInterrupts(): Interrupts {
  const controller = new AbortController();
  let exitCode: number | undefined;
  const handlers = signals.map(name => {
    const handler = () => {
      if (process.listenerCount(name) > 1) return;
      if (exitCode !== undefined) process.exit(exitCode);
      exitCode = 128 + constants.signals[name];
      controller.abort();
    };
    process.on(name, handler);
    return () => process.off(name, handler);
  });
  return {
    signal: controller.signal,
    exitCode: () => exitCode,
    [Symbol.dispose]: () => {
      for (const off of handlers) off();
    },
  };
}
