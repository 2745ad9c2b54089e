/** Writes to the files of a cgroup that are taken back when a later one of the same update fails. */
import {EngineError} from '@longshore/errdefs';
import {
  errorText,
  isErrno,
  readKernelFile,
  readKernelFileIfExists,
  SystemCallError,
  writeKernelFile,
} from '@longshore/linux';

export interface LimitWrite {
  directory: string;
  file: string;
  value: string;
  /** Looks at what the kernel made of it, or says more about a failure. */
  check?: (error: SystemCallError | undefined) => void;
}

/**
 * Makes all writes or none. The kernel checks some limits against each other as they are at that moment (EINVAL): such
 * a write is tried again after the others. Throws in runc's words.
 */
export function writeLimits(writes: readonly LimitWrite[]): void {
  const undo: {path: string; value: string}[] = [];
  try {
    const later = writes.filter(write => !attempt(write, undo, false));
    for (const write of later) attempt(write, undo, true);
  } catch (error) {
    for (const {path, value} of undo.reverse()) restore(path, value);
    throw error;
  }
}

/** False if it is worth another try when the other limits are set. */
function attempt(write: LimitWrite, undo: {path: string; value: string}[], last: boolean): boolean {
  const path = `${write.directory}/${write.file}`;
  const before = readKernelFileIfExists(path);
  try {
    writeKernelFile(path, write.value);
  } catch (error) {
    if (!(error instanceof SystemCallError)) throw error;
    if (isErrno(error, 'EINVAL') && !last) return false;
    write.check?.(error);
    throw failure(write, error);
  }
  if (before !== undefined) undo.push({path, value: before.trim()});
  write.check?.(undefined);
  return true;
}

function failure({directory, file, value}: LimitWrite, error: SystemCallError): EngineError {
  const path = `${directory}/${file}`;
  const reason = errorText(error.errno);
  const text =
    error.call === 'open' ? `open ${path}: ${reason}` : `failed to write "${value}": write ${path}: ${reason}`;
  return new EngineError(isErrno(error, 'ENOENT') ? 'not-found' : 'invalid-argument', text, {cause: error});
}

/** What cannot be put back stays: the error that is on its way says more than this one would. */
function restore(path: string, value: string): void {
  try {
    writeKernelFile(path, value);
  } catch (error) {
    if (!(error instanceof SystemCallError)) throw error;
  }
}

/** `memory.limit_in_bytes` is EBUSY below what is in use. */
export function tooLowForUse(directory: string, limit: number): (error: SystemCallError | undefined) => void {
  return error => {
    if (!error || !isErrno(error, 'EBUSY')) return;
    const [usage, peak] = ['usage_in_bytes', 'max_usage_in_bytes'].map(file =>
      readKernelFile(`${directory}/memory.${file}`).trim(),
    );
    const text = `unable to set memory limit to ${limit} (current usage: ${usage}, peak usage: ${peak})`;
    throw new EngineError('failed-precondition', text, {cause: error});
  };
}

/** The kernel silently keeps shares within its range. */
export function sharesWereTaken(directory: string, shares: number): (error: SystemCallError | undefined) => void {
  return error => {
    if (error) return;
    const taken = Number(readKernelFile(`${directory}/cpu.shares`));
    if (taken === shares) return;
    const bound = shares > taken ? 'maximum' : 'minimum';
    throw new EngineError('invalid-argument', `the ${bound} allowed cpu-shares is ${taken}`);
  };
}
