import {EngineError} from '@longshore/errdefs';

/** `127.0.0.1:1338`, `[::1]:1338`, `:1338` for every address of the host. Throws invalid-argument. */
export function parseTcpAddress(address: string): {host: string; port: number} {
  const match = /^(?:\[([^\]]*)\]|([^:]*)):([0-9]{1,5})$/.exec(address);
  const port = Number(match?.[3]);
  if (!match || port > 65_535) throw new EngineError('invalid-argument', `address "${address}" is not host:port`);
  return {host: match[1] ?? match[2] ?? '', port};
}
