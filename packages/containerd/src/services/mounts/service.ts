import {MountsDefinition} from '@longshore/api/gen/containerd/services/mounts/v1/mounts';
import type {ActivationInfo} from '@longshore/api/gen/containerd/types/mount';
import {EngineError} from '@longshore/errdefs';
import type {ActivationRecord} from '../../core/mounts/activation.ts';
import type {Mounts} from '../../core/mounts/mounts.ts';
import {type ServedService, serve} from '../serve.ts';
import {mountFromWire, mountToWire} from '../snapshots/convert.ts';

export function mountsService(mounts: Mounts): ServedService {
  return serve(MountsDefinition, {
    async activate(ctx, {name, mounts: given, labels, temporary}) {
      return {info: toWire(await mounts.activate(ctx, name, given.map(mountFromWire), {labels, temporary}))};
    },
    async deactivate(ctx, {name}) {
      await mounts.deactivate(ctx, name);
      return {};
    },
    async info(ctx, {name}) {
      return {info: toWire(await mounts.info(ctx, name))};
    },
    async update(ctx, {info, updateMask}) {
      if (!info) throw new EngineError('invalid-argument', 'info is required: invalid argument');
      return {info: toWire(await mounts.update(ctx, info.name, info.labels, updateMask ?? []))};
    },
    async *list(ctx, {filters}) {
      for (const record of await mounts.list(ctx, filters)) yield {info: toWire(record)};
    },
  });
}

function toWire({name, active, system, labels}: ActivationRecord): ActivationInfo {
  return {
    name,
    active: active.map(({mount, mountedAt, mountPoint}) => ({
      ...{mount: mountToWire(mount), mountedAt, mountPoint, data: {}},
    })),
    system: system.map(mountToWire),
    labels: {...labels},
  };
}
