/** Signal names and numbers of Linux, as users give them. */
import {constants} from 'node:os';
import {EngineError} from '@longshore/errdefs';

/** The C library keeps the first two of the kernel's 32 to itself. */
const firstRealtime = 34;
const lastRealtime = 64;

/** 15 out of `15`, `TERM`, `SIGTERM`, `sigterm`; RTMIN+n and RTMAX-n too. Throws `invalid signal: BOGUS`. */
export function signalNumber(text: string): number {
  const number = /^\d{1,3}$/.test(text) ? Number(text) : byName(text);
  if (number === undefined || number <= 0 || number > lastRealtime) {
    throw new EngineError('invalid-argument', `invalid signal: ${text}`);
  }
  return number;
}

function byName(text: string): number | undefined {
  const name = text.toUpperCase().replace(/^SIG/, '');
  const realtime = /^RT(MIN|MAX)(?:([+-])(\d{1,2}))?$/.exec(name);
  if (realtime) {
    const [, end, sign, distance = '0'] = realtime;
    const number = end === 'MIN' ? firstRealtime + Number(distance) : lastRealtime - Number(distance);
    const isWrong = (end === 'MIN' && sign === '-') || (end === 'MAX' && sign === '+');
    return isWrong || number < firstRealtime || number > lastRealtime ? undefined : number;
  }
  return (constants.signals as Record<string, number>)[`SIG${name}`];
}
