import {EngineError} from '@longshore/errdefs';
import {projectQuota} from '@longshore/linux';
import type {Config} from '../../config/config.ts';
import {rootfsSizeLimit} from '../../core/containers/size-limit.ts';

/** Throws, in Docker's words, for `--storage-opt overlay2.size` on a data root without project quotas. */
export function checkSizeLimit({storageOptions, dataRoot}: Pick<Config, 'storageOptions' | 'dataRoot'>): void {
  if (rootfsSizeLimit({}, storageOptions) === undefined || projectQuota(dataRoot, 1) !== undefined) return;
  const why = 'Storage option overlay2.size not supported. Filesystem does not support Project Quota';
  throw new EngineError('failed-precondition', `error initializing graphdriver: ${why}`);
}
