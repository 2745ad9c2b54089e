import {EngineError} from '@longshore/errdefs';

/** sun_path is 108 bytes with its NUL. */
const maxSocketPath = 107;

/** The file of an address as shims print it (`unix:///run/containerd/s/…`) or of a plain path. */
export function socketPath(address: string): string {
  const path = address.startsWith('unix://') ? address.slice('unix://'.length) : address;
  if (!path.startsWith('/')) throw new EngineError('invalid-argument', `address "${address}" is not a unix socket`);
  if (Buffer.byteLength(path) > maxSocketPath) {
    throw new EngineError('invalid-argument', `socket path "${path}" is over ${maxSocketPath} bytes`);
  }
  return path;
}
