/** Rows of `docker system jobs`. */
import type {EngineJobs} from '@longshore/api/engine';
import type {RowType} from './list.ts';

export const jobTable = '{{.ID}}\t{{.Job}}\t{{.Status}}\t{{.Duration}}\t{{.Arguments}}';
export const jobCountTable = '{{.Job}}\t{{.Started}}\t{{.Failed}}';

export const jobRow: RowType<EngineJobs['Running'][number]> = {
  goType: '*formatter.jobContext',
  fields: {
    ID: {header: 'JOB ID', get: job => String(job.ID)},
    Job: {header: 'JOB', get: job => job.Job},
    Status: {header: 'STATUS', get: job => (job.Waits ? 'waiting' : 'running')},
    Duration: {header: 'DURATION', get: job => duration(job.DurationMs)},
    StartedAt: {header: 'STARTED AT', get: job => job.StartedAt},
    Arguments: {header: 'ARGUMENTS', get: job => job.Arguments.join(' ')},
  },
};

export const jobCountRow: RowType<EngineJobs['Counts'][number]> = {
  goType: '*formatter.jobCountContext',
  fields: {
    Job: {header: 'JOB', get: count => count.Job},
    Started: {header: 'STARTED', get: count => String(count.Started)},
    Failed: {header: 'FAILED', get: count => String(count.Failed)},
  },
};

function duration(milliseconds: number): string {
  if (milliseconds < 1000) return `${milliseconds} ms`;
  const seconds = milliseconds / 1000;
  return seconds < 60 ? `${seconds.toFixed(1)} s` : `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
}
