/** GET /system/jobs: what the daemon is doing right now. An addition of ours; `docker system jobs` prints it. */
import type {EngineJobs} from '@longshore/api/engine';
import type {JobRunner, RunningJob} from '../../core/jobs/job-runner.ts';
import type {Route} from '../route.ts';

export function jobsRoute(jobs: JobRunner): Route {
  return {
    method: 'GET',
    path: '/system/jobs',
    job: 'jobs',
    handle: (_request, reply) => reply.json(200, jobsToJson(jobs)),
  };
}

/** Jobs in flight, oldest first, and how often each has run. */
export function jobsToJson(jobs: JobRunner): EngineJobs {
  const names = [...jobs.counts.keys()].sort();
  return {
    Running: jobs.running.map(runningToJson),
    Counts: names.map(name => {
      const {started, failed} = jobs.counts.get(name) ?? {started: 0, failed: 0};
      return {Job: name, Started: started, Failed: failed};
    }),
  };
}

function runningToJson({id, name, fields, startedAt, waits}: RunningJob): EngineJobs['Running'][number] {
  return {
    ID: id,
    Job: name,
    Arguments: Object.entries(fields).map(([key, value]) => `${key}=${String(value)}`),
    StartedAt: startedAt.toISOString(),
    DurationMs: Date.now() - startedAt.getTime(),
    Waits: waits,
  };
}
