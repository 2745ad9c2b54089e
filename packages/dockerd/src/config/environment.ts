/** What the daemon takes from its environment, read once by main.ts. */
import {dirname, join} from 'node:path';
import type {ActivatedSockets} from '../http/listen.ts';
import {type ShownProxies, shownProxies} from './proxies.ts';
import {type RootlessEnvironment, readRootlessEnvironment} from './rootless.ts';
import type {TlsEnvironment} from './tls-settings.ts';

export interface Environment {
  /** For finding containerd, docker-init and the runtimes. */
  path: string;
  /** Where we are installed: neighbours are looked for there first. */
  ownExecutable: string;
  /** Passed on to containerd, without what is meant for dockerd alone. */
  childEnvironment: Record<string, string>;
  /** systemd's socket for READY=1, or empty. */
  notifySocket: string;
  /** Sockets that systemd passed from fd 3 on. */
  activated: ActivatedSockets;
  tls: TlsEnvironment;
  /** A containerd to run instead of the one that is found (LONGSHORE_CONTAINERD). */
  containerdExecutable: string;
  proxies: ShownProxies;
  /** All variables, for OpenTelemetry's own. */
  telemetry: NodeJS.ProcessEnv;
  /** The OCI runtime that shims call (LONGSHORE_RUNTIME), instead of the one that is found. */
  runtimeExecutable: string;
  rootless: RootlessEnvironment;
  /** Address of the D-Bus at which a user's own systemd is asked for cgroups. */
  sessionBus: string;
}

export function readEnvironment(env: NodeJS.ProcessEnv): Environment {
  const {NOTIFY_SOCKET, LISTEN_FDS, LISTEN_PID, LISTEN_FDNAMES, ...rest} = env;
  const path = env.PATH ?? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  const rootless = readRootlessEnvironment(env);
  const forUs = LISTEN_PID === undefined || Number(LISTEN_PID) === process.pid;
  return {
    path,
    ownExecutable: process.execPath,
    // containerd looks for shims in PATH first: the one that was installed with us comes before any other.
    childEnvironment: {...(rest as Record<string, string>), PATH: `${dirname(process.execPath)}:${path}`},
    notifySocket: NOTIFY_SOCKET ?? '',
    activated: {count: forUs ? Number(LISTEN_FDS ?? 0) : 0, names: LISTEN_FDNAMES ? LISTEN_FDNAMES.split(':') : []},
    tls: {certPath: env.DOCKER_CERT_PATH ?? '', tlsVerify: (env.DOCKER_TLS_VERIFY ?? '') !== ''},
    containerdExecutable: env.LONGSHORE_CONTAINERD ?? '',
    proxies: shownProxies(env),
    telemetry: env,
    runtimeExecutable: env.LONGSHORE_RUNTIME ?? '',
    rootless,
    sessionBus: env.DBUS_SESSION_BUS_ADDRESS || `unix:path=${join(rootless.runtimeDirectory, 'bus')}`,
  };
}
