const attackSurface = `
         Access to the remote API is equivalent to root access on the host. Refer
         to the 'Docker daemon attack surface' section in the documentation for
         more information: https://docs.docker.com/go/attack-surface/`;
const removal =
  'In future versions this will be a hard failure preventing the daemon from starting! Learn more at: https://docs.docker.com/go/api-security/';

/** The `Warnings` of `docker info` for TCP addresses that anybody may use. `hosts` are complete. */
export function apiWarnings(hosts: readonly string[], tls: {verify: boolean} | undefined): string[] {
  if (tls?.verify) return [];
  return hosts
    .filter(host => host.startsWith('tcp://'))
    .map(host => {
      const address = host.slice('tcp://'.length);
      const what = tls
        ? `https://${address} without TLS client verification.`
        : `http://${address} without encryption.`;
      return `[DEPRECATION NOTICE]: API is accessible on ${what}${attackSurface}\n${removal}`;
    });
}
