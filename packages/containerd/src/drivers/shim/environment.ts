/** What a shim is told besides its arguments. */
import {fileLimitVariable, originalFileLimit, shimRuntimeEnvironment} from '@longshore/base';

export interface DaemonAddresses {
  grpc: string;
  ttrpc: string;
}

export interface ShimSettings {
  addresses: DaemonAddresses;
  /** Further variables, `KEY=VALUE`. */
  environment: readonly string[];
}

/** Asked for at once: later the parent may be another. */
const fileLimit = originalFileLimit();

type Environment = Record<string, string | undefined>;

/** Variables for `start` and `delete`, added to the daemon's own. */
export function actionEnvironment({addresses, environment}: ShimSettings, namespace: string): Environment {
  const extra = environment.map(entry => [entry.split('=', 1)[0], entry.slice(entry.indexOf('=') + 1)]);
  return {
    ...process.env,
    // The service manager's notice is for us alone.
    NOTIFY_SOCKET: undefined,
    ...Object.fromEntries(extra),
    TTRPC_ADDRESS: addresses.ttrpc,
    GRPC_ADDRESS: addresses.grpc,
    NAMESPACE: namespace,
    MAX_SHIM_VERSION: '2',
    [fileLimitVariable]: fileLimit?.toString(),
    GOMAXPROCS: '2',
  };
}

/** The same for a shim of ours that runs at once, as the original's daemonized one has them. */
export function serveEnvironment(settings: ShimSettings, namespace: string, id: string): Environment {
  return {
    ...actionEnvironment(settings, namespace),
    GOMAXPROCS: '4',
    OTEL_SERVICE_NAME: `containerd-shim-${id}`,
    ...shimRuntimeEnvironment,
  };
}
