/** Sandboxes that are made and removed appear among the jobs of the engine, under the names they always had. */
import type {JobRunner} from '../jobs/job-runner.ts';
import type {NetworkController} from '../ports/network-controller.ts';

export function withNetworkJobs(controller: NetworkController, jobs: JobRunner): NetworkController {
  return {
    validateEndpoints: (...args) => controller.validateEndpoints(...args),
    canonicalName: mode => controller.canonicalName(mode),
    restore: (ctx, running) => controller.restore(ctx, running),
    rename: (id, name) => controller.rename(id, name),
    announce: id => controller.announce(id),
    refreshHosts: request => controller.refreshHosts(request),
    attach: (parent, request) =>
      jobs.run('allocate_interface', {container: request.containerId}, ctx => controller.attach(ctx, request), {
        ...{internal: true, parent},
      }),
    release: (parent, containerId) =>
      jobs.run('release_interface', {container: containerId}, ctx => controller.release(ctx, containerId), {
        ...{internal: true, parent},
      }),
  };
}
