import {EngineError} from '@longshore/errdefs';

/** Signal names by number, 1 to 31, of x86_64 and arm64. */
const names =
  'HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU ' +
  'XFSZ VTALRM PROF WINCH IO PWR SYS';
const aliases: Record<string, number> = {IOT: 6, CLD: 17, POLL: 29, UNUSED: 31};

/** glibc and musl keep 32 and 33 (glibc) for themselves; the first that programs may use is 34. */
const rtMin = 34;
const rtMax = 64;

/**
 * Number of a signal given as `SIGTERM`, `term`, `15`, 15, `RTMIN+3` or `RTMAX-1`. Throws invalid-argument with
 * Docker's text (`invalid signal: X`) for anything else. 0 (the existence probe) is not a signal's name: refused.
 */
export function signalNumber(signal: string | number): number {
  const text = String(signal).trim().toUpperCase();
  const number = /^\d+$/.test(text) ? Number(text) : numberOfName(text.startsWith('SIG') ? text.slice(3) : text);
  if (number >= 1 && number <= rtMax) return number;
  throw new EngineError('invalid-argument', `invalid signal: ${signal}`);
}

function numberOfName(name: string): number {
  const index = names.split(' ').indexOf(name);
  if (index >= 0) return index + 1;
  const realtime = /^RT(MIN|MAX)([+-]\d+)?$/.exec(name);
  if (!realtime) return aliases[name] ?? 0;
  const number = (realtime[1] === 'MIN' ? rtMin : rtMax) + Number(realtime[2] ?? 0);
  return number >= rtMin && number <= rtMax ? number : 0;
}

/** `SIGTERM` for 15, `SIGRTMIN+3` for 37. Throws invalid-argument for a number that is no signal. */
export function signalName(number: number): string {
  const name = names.split(' ')[number - 1];
  if (name) return `SIG${name}`;
  if (number === rtMin) return 'SIGRTMIN';
  if (number === rtMax) return 'SIGRTMAX';
  if (number > rtMin && number <= rtMin + 15) return `SIGRTMIN+${number - rtMin}`;
  if (number > rtMin + 15 && number < rtMax) return `SIGRTMAX-${rtMax - number}`;
  throw new EngineError('invalid-argument', `invalid signal: ${number}`);
}
