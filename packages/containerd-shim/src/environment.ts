/** What the shim takes from its environment, and what of it its children get. */

import {fileLimitVariable, originalFileLimit} from '@longshore/base';

export interface ShimEnvironment {
  /** containerd's ttrpc socket, where events go; empty when there is none. */
  ttrpcAddress: string;
  /** Highest bootstrap version that containerd knows; undefined for containerd 1.6, which sends none. */
  maxShimVersion: number | undefined;
  /** Set when containerd wants a core-scheduling cookie for the container. */
  schedCore: boolean;
  /** Soft limit of open files that the runtime gets, and containers from it; undefined leaves ours. */
  fileLimit: bigint | undefined;
  /** Score of a container's first process relative to its shim is runc's affair; this is for runc and log programs. */
  forChildren: Record<string, string | undefined>;
}

/** Variables that mean something to a shim, to runc or to a log program. The rest of containerd's stays behind. */
const kept = [
  'PATH',
  'HOME',
  'LANG',
  'TZ',
  'TMPDIR',
  'XDG_RUNTIME_DIR',
  'LD_LIBRARY_PATH',
  'GOMAXPROCS',
  'GODEBUG',
  'TTRPC_ADDRESS',
  'GRPC_ADDRESS',
  'NAMESPACE',
  'MAX_SHIM_VERSION',
  'SCHED_CORE',
];

export function readEnvironment(env: NodeJS.ProcessEnv): ShimEnvironment {
  const forChildren: Record<string, string | undefined> = {};
  for (const name of kept) if (env[name] !== undefined) forChildren[name] = env[name];
  const fileLimit = originalFileLimit(env);
  forChildren[fileLimitVariable] = fileLimit?.toString();
  const version = Number.parseInt(env.MAX_SHIM_VERSION ?? '', 10);
  return {
    ttrpcAddress: env.TTRPC_ADDRESS ?? '',
    maxShimVersion: Number.isNaN(version) ? undefined : version,
    fileLimit,
    schedCore: (env.SCHED_CORE ?? '') !== '',
    forChildren,
  };
}
