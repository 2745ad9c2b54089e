/** Passes the signals this process gets on to a container (`--sig-proxy`). */
import {forwardableSignals} from '@longshore/term';

/** Calls `send` with a name without `SIG`, for each signal; disposing stops it. */
export function forwardSignals(send: (signal: string) => Promise<unknown>): Disposable {
  const handlers = forwardableSignals().map(name => {
    const handler = () => {
      send(name.slice(3)).catch(() => {}); // a container that has ended needs no signal
    };
    process.on(name, handler);
    return {name, handler};
  });
  return {
    [Symbol.dispose]: () => {
      for (const {name, handler} of handlers) process.off(name, handler);
    },
  };
}
