/** `--gpus` and `--device vendor.com/class=name`: which driver serves a request, and what it changes. */
import {EngineError} from '@longshore/errdefs';
import type {HostConfig} from '../documents/host-config.ts';
import {cdiEditsOf, type RankedSpec} from './cdi-registry.ts';
import type {CdiEdits} from './cdi-spec.ts';

export type DeviceRequest = NonNullable<HostConfig['DeviceRequests']>[number];

export interface DeviceDrivers {
  /** Undefined when CDI is turned off. */
  cdi: (() => readonly RankedSpec[]) | undefined;
  /** NVIDIA's hook, which finds the devices and libraries itself; undefined when it is not installed. */
  nvidiaHook: string | undefined;
}

const nvidiaCapabilities = ['compute', 'compat32', 'graphics', 'utility', 'video', 'display'];

/** Throws Docker's `could not select device driver "" with capabilities: [[gpu]]`. */
export function deviceEdits(requests: readonly DeviceRequest[], drivers: DeviceDrivers): CdiEdits[] {
  return requests.flatMap(request => {
    if (request.Driver === 'cdi' && drivers.cdi) return cdiDevices(request, drivers.cdi());
    const selected = ['', 'nvidia'].includes(request.Driver) && drivers.nvidiaHook ? matchGpu(request) : undefined;
    if (selected && drivers.nvidiaHook) return [nvidiaDevices(request, selected, drivers.nvidiaHook)];
    const shown = (request.Capabilities ?? []).map(each => `[${(each ?? []).join(' ')}]`).join(' ');
    throw new EngineError(
      'invalid-argument',
      `could not select device driver ${JSON.stringify(request.Driver)} with capabilities: [${shown}]`,
    );
  });
}

function cdiDevices({Count: count, Options: options, DeviceIDs: names}: DeviceRequest, specs: readonly RankedSpec[]) {
  if (count !== 0) throw new EngineError('invalid-argument', 'unexpected count in CDI device request');
  if (Object.keys(options ?? {}).length > 0) {
    throw new EngineError('invalid-argument', 'unexpected options in CDI device request');
  }
  return cdiEditsOf(specs, names ?? []);
}

/** The first set of capabilities that the driver has completely. */
function matchGpu({Capabilities: sets}: DeviceRequest): string[] | undefined {
  const known = ['gpu', 'nvidia', ...nvidiaCapabilities];
  return (sets ?? [])
    .map(each => each ?? [])
    .find(set => set.includes('gpu') && set.every(each => known.includes(each)));
}

function nvidiaDevices({Count: count, DeviceIDs: ids}: DeviceRequest, selected: string[], hook: string): CdiEdits {
  if (count !== 0 && ids?.length) {
    throw new EngineError('invalid-argument', 'cannot set both Count and DeviceIDs on device request');
  }
  const numbers = Array.from({length: Math.max(0, count)}, (_, i) => String(i));
  const devices = ids?.length ? ids : count < 0 ? ['all'] : numbers;
  const capabilities = selected.filter(each => nvidiaCapabilities.includes(each));
  return {
    env: [
      ...(devices.length > 0 ? [`NVIDIA_VISIBLE_DEVICES=${devices.join(',')}`] : []),
      ...(capabilities.length > 0 ? [`NVIDIA_DRIVER_CAPABILITIES=${capabilities.join(',')}`] : []),
    ],
    hooks: [{hookName: 'prestart', path: hook, args: ['nvidia-container-runtime-hook', 'prestart']}],
  };
}
