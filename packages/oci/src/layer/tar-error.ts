import {EngineError} from '@longshore/errdefs';

/** Damage and lies in an archive: `invalid-argument`, `invalid tar: …`. */
export function tarError(reason: string): EngineError {
  return new EngineError('invalid-argument', `invalid tar: ${reason}`);
}
