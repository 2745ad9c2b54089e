import type {Logger} from '@longshore/base';

/** Resolves at the first SIGTERM or SIGINT. The third one ends the process at once, whatever is still open. */
export function awaitStopSignal(log: Logger): Promise<string> {
  return new Promise(resolve => {
    let count = 0;
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const) {
      process.on(signal, () => {
        count++;
        log.info({signal}, 'processing signal');
        if (count >= 3) {
          log.warn({}, 'forcing the shutdown of the daemon without cleanup');
          process.exit(128 + 15);
        }
        resolve(signal);
      });
    }
  });
}
