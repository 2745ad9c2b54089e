/** What the text of a NetworkMode says. */
import type {Config} from '../../config/config.ts';
import type {ContainerConfig} from './documents/container-config.ts';
import type {HostConfig} from './documents/host-config.ts';

const predefined = ['', 'default', 'bridge', 'host', 'none'];

export function isContainerMode(mode: string): boolean {
  return mode.startsWith('container:');
}

/** A network that somebody has made, by name or id. */
export function isUserDefinedMode(mode: string): boolean {
  return !predefined.includes(mode) && !isContainerMode(mode);
}

/** A container that has nothing but the loopback device: by its own wish, or because the daemon has no bridge. */
export function isCutOff(
  {NetworkDisabled: disabled}: Pick<ContainerConfig, 'NetworkDisabled'>,
  {NetworkMode: mode}: Pick<HostConfig, 'NetworkMode'>,
  {bridge}: Pick<Config, 'bridge'>,
): boolean {
  return disabled || (mode === 'bridge' && bridge === 'none');
}
