import {EngineError} from '@longshore/errdefs';

/** What is wrong with an image archive: `invalid-argument`, `invalid image archive: …`. */
export function archiveError(reason: string): EngineError {
  return new EngineError('invalid-argument', `invalid image archive: ${reason}`);
}
