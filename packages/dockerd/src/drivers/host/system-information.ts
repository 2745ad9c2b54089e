/** What /info and /version tell, gathered from the host, the neighbours and the core. */
import {readdir} from 'node:fs/promises';
import {hostname} from 'node:os';
import {type CallContext, readFileIfExists} from '@longshore/base';
import type {Config} from '../../config/config.ts';
import type {ShownProxies} from '../../config/proxies.ts';
import {cgroupDriverOf} from '../../core/containers/cgroup-path.ts';
import type {EventBus} from '../../core/events/event-bus.ts';
import type {JobRunner} from '../../core/jobs/job-runner.ts';
import type {EngineMetrics} from '../../core/metrics/engine-metrics.ts';
import type {ContainerCounts, DaemonInfo, DaemonVersions, SystemBackend} from '../../core/system/backend.ts';
import type {HostFacts} from '../../core/system/host-facts.ts';
import {hostWarnings} from '../../core/system/warnings.ts';
import type {ComponentVersions} from './component-versions.ts';

export interface SystemSources {
  engineId: string;
  isRemapped: boolean;
  config: Config;
  host: HostFacts;
  containerdAddress: string;
  /** What the file systems of containers are made with. */
  snapshotter: string;
  proxies: ShownProxies;
  events: EventBus;
  jobs: JobRunner;
  metrics: EngineMetrics;
  /** About the addresses that the API is reached at. */
  apiWarnings: readonly string[];
  components: ComponentVersions;
  containerCounts: () => ContainerCounts;
  imageCount: (ctx: CallContext) => Promise<number>;
}

export class SystemInformation implements SystemBackend {
  readonly events: EventBus;
  readonly #sources: SystemSources;
  #config: Config;

  constructor(sources: SystemSources) {
    this.#sources = sources;
    this.#config = sources.config;
    this.events = sources.events;
  }

  /** Takes over the values that a reload may change. */
  reconfigure(config: Config): void {
    this.#config = config;
    this.#sources.components.reconfigure(config.runtimes);
  }

  async version(ctx: CallContext): Promise<DaemonVersions> {
    const {host, components} = this.#sources;
    return {host, experimental: this.#config.experimental, components: await components.all(ctx)};
  }

  async info(ctx: CallContext): Promise<DaemonInfo> {
    const {engineId, isRemapped, host, containerdAddress, proxies, snapshotter, events, jobs, metrics, components} =
      this.#sources;
    const config = this.#config;
    const begin = performance.now();
    const [images, openFiles, forwarding, runtimes, versions] = await Promise.all([
      this.#sources.imageCount(ctx),
      readdir('/proc/self/fd'),
      readFileIfExists('/proc/sys/net/ipv4/ip_forward'),
      components.runtimes(),
      components.all(ctx),
    ]);
    metrics.hostFunction('system_info', (performance.now() - begin) / 1000);
    const ipv4Forwarding = forwarding?.trim() === '1';
    return {
      engineId,
      isRemapped,
      hostname: hostname(),
      config,
      host,
      containerdAddress,
      snapshotter,
      proxies,
      containers: this.#sources.containerCounts(),
      images,
      openFiles: openFiles.length,
      jobs: jobs.running.length,
      eventSubscribers: events.subscriberCount,
      ipv4Forwarding,
      runtimes,
      versions,
      initBinary: config.initPath || 'docker-init',
      warnings: [...this.#sources.apiWarnings, ...hostWarnings(host, cgroupDriverOf(config, host), ipv4Forwarding)],
    };
  }
}
