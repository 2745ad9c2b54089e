/** What the engine counts and measures, under the names that Docker's dashboards know, and some of our own. */
import type {ErrorCode} from '@longshore/errdefs';
import type {ContainerCounts} from '../system/backend.ts';
import {type Counter, type Histogram, MetricRegistry, type Sample} from './registry.ts';

/** Jobs whose time is also one of Docker's container actions. */
const containerActions: Record<string, string> = {
  container_changes: 'changes',
  commit: 'commit',
  create: 'create',
  container_delete: 'delete',
  start: 'start',
};
/** The same for those of networks. */
const networkActions: Record<string, string> = {allocate_interface: 'allocate', release_interface: 'release'};

export interface EngineFacts {
  version: string;
  commit: string;
  architecture: string;
  graphDriver: string;
  kernel: string;
  os: string;
  osVersion: string;
  osType: string;
  daemonId: string;
  cpus: number;
  memoryBytes: number;
}

export interface MetricSources {
  facts: EngineFacts;
  containers: () => ContainerCounts;
  eventSubscribers: () => number;
  runningJobs: () => number;
}

export class EngineMetrics {
  readonly registry = new MetricRegistry();
  readonly #containerActions: Histogram;
  readonly #networkActions: Histogram;
  readonly #jobs: Histogram;
  readonly #hostFunctions: Histogram;
  readonly #healthStarts: Histogram;
  readonly #events: Counter;
  readonly #healthChecks: Counter;
  readonly #failedHealthChecks: Counter;

  constructor() {
    const engine = (name: string) => `engine_daemon_${name}`;
    const {registry} = this;
    const took = (what: string) => `The number of seconds it takes to ${what}`;
    this.#containerActions = registry.histogram(
      engine('container_actions_seconds'),
      took('process each container action'),
    );
    this.#networkActions = registry.histogram(engine('network_actions_seconds'), took('process each network action'));
    this.#jobs = registry.histogram(engine('job_seconds'), took('run each job of the engine'));
    this.#hostFunctions = registry.histogram(
      engine('host_info_functions_seconds'),
      took('call functions gathering info about the host'),
    );
    this.#healthStarts = registry.histogram(
      engine('health_check_start_duration_seconds'),
      took('prepare to run health checks'),
    );
    this.#events = registry.counter(engine('events_total'), 'The number of events logged');
    this.#healthChecks = registry.counter(engine('health_checks_total'), 'The total number of health checks');
    this.#failedHealthChecks = registry.counter(
      engine('health_checks_failed_total'),
      'The total number of failed health checks',
    );
    for (const counter of [this.#events, this.#healthChecks, this.#failedHealthChecks]) counter.add({}, 0);
    // Docker shows every action from the start, each with one observation of nothing.
    for (const action of Object.values(containerActions)) this.#containerActions.observe({action}, 0);
    for (const action of Object.values(networkActions)) this.#networkActions.observe({action}, 0);
  }

  /** A job has ended after `seconds`, with an error's code or `ok`. */
  jobEnded(job: string, seconds: number, status: ErrorCode | 'ok'): void {
    this.#jobs.observe({job, status}, seconds);
    const container = containerActions[job];
    if (container && status === 'ok') this.#containerActions.observe({action: container}, seconds);
    const network = networkActions[job];
    if (network && status === 'ok') this.#networkActions.observe({action: network}, seconds);
  }

  eventPublished(): void {
    this.#events.add();
  }

  hostFunction(name: string, seconds: number): void {
    this.#hostFunctions.observe({function: name}, seconds);
  }

  /** A check of health was started after `seconds` of preparation. */
  healthCheckStarted(seconds: number): void {
    this.#healthChecks.add();
    this.#healthStarts.observe({}, seconds);
  }

  healthCheckFailed(): void {
    this.#failedHealthChecks.add();
  }

  /** Adds what others keep: states, numbers of the machine. Call it once. */
  watch({facts, containers, eventSubscribers, runningJobs}: MetricSources): void {
    const gauge = (name: string, help: string, read: () => readonly Sample[]) =>
      this.registry.observed('gauge', `engine_daemon_${name}`, help, read);
    gauge('container_states_containers', 'The count of containers in various states', () => {
      const counts = containers();
      return (['paused', 'running', 'stopped'] as const).map(state => ({labels: {state}, value: counts[state]}));
    });
    gauge('engine_cpus_cpus', 'The number of cpus that the host system of the engine has', () => [{value: facts.cpus}]);
    gauge('engine_memory_bytes', 'The number of bytes of memory that the host system of the engine has', () => [
      {value: facts.memoryBytes},
    ]);
    gauge('engine_info', 'The information related to the engine and the OS it is running on', () => [
      {labels: infoLabels(facts), value: 1},
    ]);
    gauge('events_subscribers_total', 'The number of current subscribers to events', () => [
      {value: eventSubscribers()},
    ]);
    gauge('jobs_in_flight', 'The number of jobs of the engine that are running', () => [{value: runningJobs()}]);
  }
}

function infoLabels(facts: EngineFacts): Record<string, string> {
  return {
    architecture: facts.architecture,
    commit: facts.commit,
    daemon_id: facts.daemonId,
    graphdriver: facts.graphDriver,
    kernel: facts.kernel,
    os: facts.os,
    os_type: facts.osType,
    os_version: facts.osVersion,
    version: facts.version,
  };
}
