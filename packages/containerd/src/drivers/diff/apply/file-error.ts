import {EngineError, errnoToCode, messageOf} from '@longshore/errdefs';

/** What node:fs throws, with a code of ours. */
export function fileError(action: string, subject: string, error: unknown): EngineError {
  const name = (error as NodeJS.ErrnoException).code ?? '';
  return new EngineError(errnoToCode(name), `cannot ${action} ${subject}: ${messageOf(error)}`, {cause: error});
}
