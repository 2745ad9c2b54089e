/** Mounts off the main thread: a device or a server may take its time. */
import {mountAll, unmountAll} from '@longshore/linux';
import {serveJobs} from '../workers/serve-jobs.ts';
import {attachLoopAt, detachLoopAt} from './loop-place.ts';
import type {MountJob} from './mount-job.ts';

serveJobs<MountJob>(job => {
  if (job.do === 'mount') mountAll([job.mount], job.place);
  else if (job.do === 'attach') attachLoopAt(job.mount, job.place);
  else for (const place of job.places) if (!detachLoopAt(place)) unmountAll(place);
});
