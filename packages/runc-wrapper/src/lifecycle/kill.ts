import {EngineError} from '@longshore/errdefs';
import {cgroupOfContainer, signalAll, thaw} from '../cgroups/container-cgroup.ts';
import type {ContainerRecord} from '../state/record.ts';
import {statusOf} from '../state/status.ts';

const SIGKILL = 9;
const greatestSignal = 64;

/**
 * Signals the first process, or with `all` every process of the container's cgroup. A container whose first process
 * is gone gives `container not running`, except that `all` still reaches what it left behind in its cgroup.
 */
export async function killContainer(record: ContainerRecord, signal: number, all: boolean): Promise<void> {
  const status = statusOf(record);
  if (status !== 'stopped' && signal > greatestSignal)
    throw new EngineError('invalid-argument', 'unable to signal init: invalid argument');
  if (all) {
    if (status === 'stopped' && !cgroupOfContainer(record)?.exists()) throw notRunning();
    await signalAll(record, signal);
    return;
  }
  if (status === 'stopped') throw notRunning();
  // Without a pid namespace of its own, the end of the first process would leave the others running.
  if (signal === SIGKILL && !record.ownPidNamespace) await signalAll(record, signal);
  else signalInit(record, signal);
  // v1: a frozen process does not even die.
  if (status === 'paused' && signal === SIGKILL) await thaw(record);
}

function notRunning(): EngineError {
  return new EngineError('failed-precondition', 'container not running');
}

function signalInit(record: ContainerRecord, signal: number): void {
  try {
    process.kill(record.pid, signal);
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException;
    if (code === 'ESRCH') throw notRunning(); // it ended since we looked
    throw new EngineError('internal', `unable to signal init: ${code === 'EPERM' ? 'operation not permitted' : code}`, {
      cause: error,
    });
  }
}
