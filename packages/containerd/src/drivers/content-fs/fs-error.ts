import {EngineError, errnoToCode} from '@longshore/errdefs';

/** A file system error as an EngineError: `cannot write "/x": no space left on device`. */
export function fsError(action: string, path: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof EngineError) return error;
  const errno = (error as NodeJS.ErrnoException).code;
  if (errno === undefined) return error;
  const reason = /^\w+: (.*?)(?:, \w+|$)/.exec(error.message)?.[1] ?? errno;
  return new EngineError(errnoToCode(errno), `cannot ${action} ${JSON.stringify(path)}: ${reason}`, {cause: error});
}

export function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
