/** Linux signals by name, for `kill --signal` and for passing on what a terminal sends. */
import {constants} from 'node:os';

/** The signals of this system, `SIGTERM` to its number; real-time ones by arithmetic (`SIGRTMIN+3`). */
const numbers: Record<string, number> = constants.signals;
const realtimeMin = 34;
const realtimeMax = 64;

/**
 * The number of `TERM`, `SIGTERM`, `sigterm`, `15`, `RTMIN+3`; throws an Error with the text of the original clients
 * when there is none.
 */
export function parseSignal(text: string): number {
  if (/^\d+$/.test(text)) {
    const number = Number(text);
    if (number >= 1 && number <= realtimeMax) return number;
    throw new Error(`unknown signal ${JSON.stringify(text)}`);
  }
  const name = text.toUpperCase().replace(/^SIG/, '');
  const realtime = /^RT(MIN|MAX)(?:([+-])(\d+))?$/.exec(name);
  if (realtime) {
    const offset = Number(realtime[3] ?? 0) * (realtime[2] === '-' ? -1 : 1);
    return (realtime[1] === 'MIN' ? realtimeMin : realtimeMax) + offset;
  }
  const number = numbers[`SIG${name}`];
  if (number === undefined) throw new Error(`unknown signal ${JSON.stringify(text)}`);
  return number;
}

/**
 * Not passed on to a container: what ends or stops this process without asking, faults of this process, what its
 * runtime uses itself (SIGIO, SIGPWR), and what says nothing to the container (SIGCHLD, SIGPIPE, SIGURG, SIGWINCH).
 */
const kept = new Set(
  'KILL STOP SEGV BUS FPE ILL ABRT IOT TRAP SYS STKFLT IO POLL PWR CHLD PIPE URG WINCH'.split(' ').map(n => `SIG${n}`),
);

/** Names of the signals that `--sig-proxy` passes on. */
export function forwardableSignals(): NodeJS.Signals[] {
  return (Object.keys(numbers) as NodeJS.Signals[]).filter(name => !kept.has(name));
}
