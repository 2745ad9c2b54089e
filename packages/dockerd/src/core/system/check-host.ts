/** Settings that depend on the machine: looked at once, when the daemon starts. */
import type {Logger} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import type {Config} from '../../config/config.ts';
import type {HostFacts} from './host-facts.ts';

/** Warns of what has no effect here, and throws for what would need more than there is. */
export function checkHost(config: Config, host: HostFacts, log: Logger): void {
  if (config.selinuxEnabled) {
    if (host.selinux) throw new EngineError('unimplemented', '--selinux-enabled is not supported yet');
    log.warn({}, 'Docker could not enable SELinux on the host system');
  }
  if (Object.keys(config.builder.gc).length > 0) {
    log.warn({}, 'the key "builder" has no effect: this daemon has no builder, and no build cache to clean up');
  }
  const ipv6Options = {
    bip6: config.bip6,
    'fixed-cidr-v6': config.fixedCidrV6,
    'default-gateway-v6': config.defaultGatewayV6,
  };
  for (const [flag, value] of Object.entries(ipv6Options)) {
    if (value !== '' && !config.ipv6) log.warn({}, `--${flag} has no effect without --ipv6`);
  }
  if (config.corsHeader !== '') {
    const what = 'The "api-cors-header" config parameter and the dockerd "--api-cors-header" option';
    log.warn(
      {},
      `DEPRECATED: ${what} will be removed in the next release. Use a reverse proxy if you need CORS headers.`,
    );
  }
  if (!kernelIsAtLeast(host.kernelVersion, 3, 10)) {
    const found = host.kernelVersion;
    log.warn(
      {},
      `Your Linux kernel version ${found} can be unstable running docker. Please upgrade your kernel to 3.10.0.`,
    );
  }
}

function kernelIsAtLeast(version: string, major: number, minor: number): boolean {
  const [a = 0, b = 0] = version.split('.').map(part => Number.parseInt(part, 10));
  return a > major || (a === major && b >= minor);
}
