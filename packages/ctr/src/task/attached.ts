/** A process with this terminal connected, from its start to its exit code. */
import type {CallContext} from '@longshore/base';
import {parseDetachKeys} from '@longshore/term';
import {type Flag, type Invocation, text} from '../command/command.ts';
import type {FlagValues} from '../command/flag-values.ts';
import type {Stdio} from './stdio.ts';
import {forwardSignals, type ProcessName, takeTerminal} from './terminal.ts';

export const detachKeysFlag: Flag = {
  ...text('detach-keys', 'Keys that detach from a process with a TTY and leave it running; "" for none'),
  default: 'ctrl-p,ctrl-q',
};

/** The shim may still be copying what the process wrote before it ended. */
const relayMs = 100;
/** What the original's shim allows a process that holds the output open after the one that was waited for has ended. */
const lingerMs = 2000;

export interface AttachedProcess {
  name: ProcessName;
  terminal: boolean;
  stdio: Stdio;
  /** Starts it, where it does not run already. */
  start?: () => Promise<unknown>;
  /** Removes it after its end. */
  remove: () => Promise<unknown>;
}

/**
 * Resolves with the exit code when the process has ended, all of its output was shown and it was removed; with
 * undefined when the user typed the keys to detach. Throws, and leaves it running, when we are interrupted.
 */
export async function waitAttached(
  {ctx, client, flags}: Invocation,
  attached: AttachedProcess,
): Promise<number | undefined> {
  const {name, terminal, stdio} = attached;
  const detachKeys = terminal ? parseKeys(flags) : Buffer.alloc(0);
  const exit = client.tasks.wait(ctx, name);
  exit.catch(() => {});
  stdio.showOutput();
  await attached.start?.();
  using _input = terminal ? await takeTerminal(ctx, client, name) : forwardSignals(ctx, client, name);
  const detached = new Promise<undefined>(resolve => {
    const onEnd = async () => {
      await client.tasks.closeIO(ctx, {...name, stdin: true});
    };
    stdio.passInput({detachKeys, onEnd, onDetach: () => resolve(undefined)});
  });
  const ended = await Promise.race([exit, detached]);
  if (!ended) {
    stdio.keepFifos();
    return undefined;
  }
  await stdio.settle(relayMs);
  await attached.remove();
  await stdio.settle(lingerMs);
  return ended.exitStatus;
}

function parseKeys(flags: FlagValues): Buffer {
  const keys = flags.text('detach-keys');
  return keys === '' ? Buffer.alloc(0) : parseDetachKeys(keys);
}

/** A context for clean-up: that of the command may be what was cancelled. A busy machine takes its time. */
export function cleanupContext(ctx: CallContext): CallContext {
  return {...ctx, signal: AbortSignal.timeout(60_000)};
}
