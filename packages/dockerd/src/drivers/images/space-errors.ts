/** A full disk under containerd's content or snapshots, in words that people know. */
import {EngineError, isErrorCode, messageOf} from '@longshore/errdefs';

/** Runs `work`; an ENOSPC anywhere below becomes `resource-exhausted` (`… no space left on device`). */
export async function spaceErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const text = messageOf(error);
    const isFull = /ENOSPC|no space left on device/i.test(text) || isErrorCode(error, 'resource-exhausted');
    if (!isFull) throw error;
    const message = /no space left on device/i.test(text) ? text : `${text}: no space left on device`;
    throw new EngineError('resource-exhausted', message, {cause: error});
  }
}
