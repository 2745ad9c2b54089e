/** A container's Config is the request's, filled up from its image's. */
import {EngineError} from '@longshore/errdefs';
import type {ContainerConfig, HealthcheckConfig} from './documents/container-config.ts';
import {mergeImageEnvironment} from './spec/environment.ts';

/** Throws `no command specified` when neither has one. */
export function mergeImageConfig(request: ContainerConfig, image: ContainerConfig): ContainerConfig {
  const merged = {
    ...request,
    User: request.User || image.User,
    ExposedPorts: union(image.ExposedPorts, request.ExposedPorts),
    Env: mergeImageEnvironment(request.Env, image.Env),
    Labels: {...image.Labels, ...request.Labels},
    WorkingDir: request.WorkingDir || image.WorkingDir,
    Volumes: union(image.Volumes, request.Volumes),
    StopSignal: request.StopSignal || image.StopSignal,
    Healthcheck: mergeHealthcheck(request.Healthcheck, image.Healthcheck),
    Shell: request.Shell?.length ? request.Shell : image.Shell,
    ...mergeCommand(request, image),
  };
  if (merged.Entrypoint?.length === 1 && merged.Entrypoint[0] === '') merged.Entrypoint = null;
  if (!merged.Entrypoint?.length && !merged.Cmd?.length) {
    throw new EngineError('invalid-argument', 'no command specified');
  }
  return merged;
}

/** A new entrypoint makes the image's command meaningless; an empty list resets the image's entrypoint. */
function mergeCommand(request: ContainerConfig, image: ContainerConfig): Pick<ContainerConfig, 'Cmd' | 'Entrypoint'> {
  if (request.Entrypoint?.length) return {Cmd: request.Cmd, Entrypoint: request.Entrypoint};
  return {
    Cmd: request.Cmd?.length ? request.Cmd : image.Cmd,
    Entrypoint: request.Entrypoint === null ? image.Entrypoint : request.Entrypoint,
  };
}

function mergeHealthcheck(
  request: HealthcheckConfig | null,
  image: HealthcheckConfig | null,
): HealthcheckConfig | null {
  if (!request || !image) return request ?? image;
  return {
    Test: request.Test?.length ? request.Test : image.Test,
    Interval: request.Interval || image.Interval,
    Timeout: request.Timeout || image.Timeout,
    StartPeriod: request.StartPeriod || image.StartPeriod,
    StartInterval: request.StartInterval || image.StartInterval,
    Retries: request.Retries || image.Retries,
  };
}

function union<T>(a: Record<string, T> | null, b: Record<string, T> | null): Record<string, T> | null {
  return Object.keys(b ?? {}).length === 0 ? a : {...a, ...b};
}
