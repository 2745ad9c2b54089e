import {EngineError} from '@longshore/errdefs';

/** Refuses an id that runc refuses, with its texts: an id is a directory name under the root. */
export function checkContainerId(id: string): void {
  if (id === '') throw new EngineError('invalid-argument', 'container id cannot be empty');
  if (!/^[A-Za-z0-9_+.-]+$/.test(id) || id === '.' || id === '..')
    throw new EngineError('invalid-argument', 'invalid container ID format');
}
