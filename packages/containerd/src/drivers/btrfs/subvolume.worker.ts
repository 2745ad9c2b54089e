/** Makes and removes subvolumes off the main thread: each may wait for a commit of the whole file system. */
import {createSubvolume, destroySubvolume, snapshotSubvolume} from '@longshore/linux';
import {serveJobs} from '../workers/serve-jobs.ts';
import type {SubvolumeJob} from './subvolume-job.ts';

serveJobs<SubvolumeJob>(job => {
  if (job.do === 'create') createSubvolume(job.path);
  else if (job.do === 'snapshot') snapshotSubvolume(job.source, job.path);
  else destroySubvolume(job.path);
});
