/** The composition root: opens everything in order, serves, and closes it in reverse. */
import {type Logger, Scope} from '@longshore/base';
import type {Config} from './config/config.ts';
import type {Environment} from './config/environment.ts';
import {EventBus} from './core/events/event-bus.ts';
import {JobRunner} from './core/jobs/job-runner.ts';
import {openContainerd} from './drivers/containerd/open.ts';
import {ComponentVersions} from './drivers/host/component-versions.ts';
import {loadHostFacts} from './drivers/host/host-facts.ts';
import {takePidFile} from './drivers/host/pid-file.ts';
import {findPrograms} from './drivers/host/programs.ts';
import {SystemInformation} from './drivers/host/system-information.ts';
import {notifySystemd} from './drivers/host/systemd.ts';
import {loadEngineId, makeDirectories} from './drivers/state-dir/directories.ts';
import {type ListenerOptions, openListeners} from './http/listen.ts';
import type {Route} from './http/route.ts';
import {apiHandler} from './http/server.ts';
import {systemRoutes} from './http/system/routes.ts';
import {awaitStopSignal} from './signals.ts';

/** How long a shutdown waits for running operations. */
const drainMs = 5_000;
const defaultHost = 'unix:///var/run/docker.sock';

/** Runs until a signal ends it. Throws when it cannot start. */
export async function runDaemon(config: Config, environment: Environment, log: Logger): Promise<void> {
  process.umask(0o022);
  await using scope = new Scope(log);
  await makeDirectories(config.dataRoot, config.execRoot);
  scope.use(await takePidFile(config.pidFile), 'pid file');
  const stopSignal = awaitStopSignal(log);
  const listeners = scope.use(await openListeners(listenerOptions(config, environment, log)), 'listeners');
  const containerd = scope.use(await openContainerd(config, environment, log), 'containerd');
  const jobs = new JobRunner(log, config.containerdNamespace);
  const events = new EventBus();
  const host = await loadHostFacts();
  const programs = await findPrograms(config, environment);
  const system = new SystemInformation({
    engineId: await loadEngineId(config.dataRoot),
    config,
    host,
    containerdAddress: containerd.address,
    events,
    jobs,
    components: new ComponentVersions(containerd.client, programs, log),
    containerCounts: () => ({total: 0, running: 0, paused: 0, stopped: 0}),
    imageCount: async () => 0,
  });
  const routes: Route[] = [...systemRoutes(system)];
  listeners.serve(apiHandler({routes, jobs, log, experimental: config.experimental}));
  log.info({addresses: listeners.addresses}, 'daemon has completed initialization');
  notifySystemd(environment.notifySocket, 'READY=1');
  await stopSignal;
  notifySystemd(environment.notifySocket, 'STOPPING=1');
  listeners.stopAccepting();
  await jobs.drain(drainMs);
}

function listenerOptions(config: Config, environment: Environment, log: Logger): ListenerOptions {
  return {
    hosts: config.hosts.length > 0 ? config.hosts : [defaultHost],
    group: config.group,
    groupIsGiven: config.group !== 'docker',
    activatedSockets: environment.activatedSockets,
    log,
  };
}
