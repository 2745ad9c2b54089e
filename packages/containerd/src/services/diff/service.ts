import {DiffDefinition} from '@longshore/api/gen/containerd/services/diff/v1/diff';
import {EngineError} from '@longshore/errdefs';
import type {Differ} from '../../core/diff/differ.ts';
import {toMilliseconds} from '../../core/time.ts';
import {descriptorFromWire, descriptorToWire} from '../convert.ts';
import {type ServedService, serve} from '../serve.ts';
import {mountFromWire} from '../snapshots/convert.ts';

/** `syncLayers` flushes every layer to disk, asked or not. */
export function diffService(differ: Differ, syncLayers = false): ServedService {
  return serve(DiffDefinition, {
    async apply(ctx, {diff, mounts, payloads, syncFs}) {
      const [payload] = Object.keys(payloads);
      if (payload !== undefined) {
        throw new EngineError('unimplemented', `stream processors are not supported (payload "${payload}")`);
      }
      if (!diff) throw new EngineError('invalid-argument', 'diff is required: invalid argument');
      const options = {syncFs: syncFs || syncLayers};
      const applied = await differ.apply(ctx, descriptorFromWire(diff), mounts.map(mountFromWire), options);
      return {applied: descriptorToWire(applied)};
    },
    async diff(ctx, {left, right, mediaType, ref, labels, sourceDateEpoch}) {
      const made = await differ.compare(ctx, left.map(mountFromWire), right.map(mountFromWire), {
        mediaType,
        ref,
        labels,
        ...(sourceDateEpoch && {sourceDateEpoch: new Date(toMilliseconds(sourceDateEpoch))}),
      });
      return {diff: descriptorToWire(made)};
    },
  });
}
