/** Runs the programs of iptables. */
import {type ChildProcess, spawn} from 'node:child_process';
import {text} from 'node:stream/consumers';
import {EngineError} from '@longshore/errdefs';
import {inNetns} from '@longshore/linux';

export interface IptablesRun {
  program: `${'iptables' | 'ip6tables'}-${'save' | 'restore'}`;
  args?: readonly string[];
  input?: string;
  /** PATH of the daemon. */
  path: string;
  /** Network namespace to run in: the daemon's own without one. */
  namespace?: string;
}

/** What the program printed. Throws `internal` with its words, `failed-precondition` when it is not installed. */
export async function runIptables({program, args = [], input = '', path, namespace}: IptablesRun): Promise<string> {
  const env = {PATH: `${path}:/usr/sbin:/sbin`};
  const start = () => ({child: spawn(program, args, {env, stdio: 'pipe'})});
  // A child is in the network namespace in which the thread that starts it is at that moment.
  const {child} = namespace === undefined ? start() : inNetns(namespace, start);
  const ended = exitOf(child);
  child.stdin.on('error', () => {}); // it died before it read everything: its exit status tells
  child.stdin.end(input);
  try {
    const [output, errors, status] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    if (status === 0) return output;
    throw new EngineError('internal', `${program} failed: ${errors.trim() || `exit status ${status}`}`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    const flag = program.startsWith('ip6') ? 'ip6tables' : 'iptables';
    const message = `${program} not found: install iptables, or use --${flag}=false`;
    throw new EngineError('failed-precondition', message, {cause: error});
  }
}

function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
}
