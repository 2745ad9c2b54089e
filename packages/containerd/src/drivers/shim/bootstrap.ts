/** How to reach a shim: what it printed on `start`, and what bootstrap.json in its bundle keeps. */
import {EngineError} from '@longshore/errdefs';

export interface Bootstrap {
  /** Version of the task service that the shim announced: 2 or 3. */
  version: number;
  address: string;
  protocol: 'ttrpc' | 'grpc';
}

const newestVersion = 3;

/**
 * JSON since containerd 1.7, the bare address before. Throws unimplemented for a version or protocol from the future,
 * invalid-argument when there is no address.
 */
export function parseBootstrap(output: string): Bootstrap {
  const text = output.trim();
  const json = parseObject(text);
  if (!json || Number(json.version ?? 0) < 2)
    return checkAddress({version: 2, address: text, protocol: 'ttrpc'}, output);
  const version = Number(json.version);
  if (version > newestVersion) {
    throw new EngineError('unimplemented', `unsupported shim version (${version}): not implemented`);
  }
  const protocol = String(json.protocol || 'ttrpc').toLowerCase();
  if (protocol !== 'ttrpc' && protocol !== 'grpc') {
    throw new EngineError('unimplemented', `unsupported shim protocol ${JSON.stringify(protocol)}: not implemented`);
  }
  return checkAddress({version, address: String(json.address ?? ''), protocol}, output);
}

export function formatBootstrap({version, address, protocol}: Bootstrap): string {
  return JSON.stringify({version, address, protocol});
}

function parseObject(text: string): Record<string, unknown> | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

function checkAddress(bootstrap: Bootstrap, output: string): Bootstrap {
  if (/^(unix:\/\/)?\/\S+$/.test(bootstrap.address)) return bootstrap;
  throw new EngineError('invalid-argument', `shim printed no address but ${JSON.stringify(output.slice(0, 200))}`);
}
