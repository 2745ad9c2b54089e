/** What the system routes need of the daemon. */
import type {CallContext} from '@longshore/base';
import type {Config} from '../../config/config.ts';
import type {RuntimeConfig} from '../../config/kinds.ts';
import type {ShownProxies} from '../../config/proxies.ts';
import type {EventBus} from '../events/event-bus.ts';
import type {HostFacts} from './host-facts.ts';

export interface ComponentVersion {
  name: string;
  version: string;
  gitCommit: string;
}

export interface RuntimeStatus extends RuntimeConfig {
  /** JSON of the runtime's features; empty when it does not tell. */
  features: string;
}

export interface ContainerCounts {
  total: number;
  running: number;
  paused: number;
  stopped: number;
}

export interface DaemonInfo {
  engineId: string;
  /** With `--userns-remap`. */
  isRemapped: boolean;
  hostname: string;
  config: Config;
  host: HostFacts;
  containerdAddress: string;
  snapshotter: string;
  proxies: ShownProxies;
  containers: ContainerCounts;
  images: number;
  openFiles: number;
  jobs: number;
  eventSubscribers: number;
  ipv4Forwarding: boolean;
  runtimes: Record<string, RuntimeStatus>;
  versions: ComponentVersion[];
  initBinary: string;
  warnings: string[];
}

export interface DaemonVersions {
  host: HostFacts;
  experimental: boolean;
  components: ComponentVersion[];
}

export interface SystemBackend {
  readonly events: EventBus;
  info(ctx: CallContext): Promise<DaemonInfo>;
  version(ctx: CallContext): Promise<DaemonVersions>;
}
