import {EngineError} from '@longshore/errdefs';
import type {DiffContent, Differ} from '../core/diff/differ.ts';
export function openDiffer(_content: DiffContent): Differ {
  const refuse = () => Promise.reject(new EngineError('unimplemented', 'no differ'));
  return {apply: refuse, compare: refuse, async [Symbol.asyncDispose]() {}};
}
