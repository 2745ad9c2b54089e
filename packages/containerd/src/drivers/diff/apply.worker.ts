/** Thread that unpacks layers. */
import {serveJobs} from '../workers/serve-jobs.ts';
import {applyLayer} from './apply/apply-layer.ts';
import type {ApplyJob} from './apply/job.ts';

serveJobs<ApplyJob>(applyLayer);
