import {EngineError} from '@longshore/errdefs';
import {cgroupOfContainer} from '../cgroups/container-cgroup.ts';
import type {Resources} from '../runtime-options.ts';
import type {ContainerRecord} from '../state/record.ts';
import {statusOf} from '../state/status.ts';
import {writeLimits} from './limit-files.ts';
import {type Limits, limitsOf} from './resource-fields.ts';
import {storedLimits, storeLimits} from './stored-limits.ts';
import {writesV1} from './writes-v1.ts';
import {writesV2} from './writes-v2.ts';

/**
 * Changes limits of a container that is not stopped; all of them or, when one is refused, none. Not for cgroups of
 * systemd's, whose properties would bring the old limits back. Throws failed-precondition (`container not running`),
 * invalid-argument or what the kernel said.
 */
export function updateContainer(record: ContainerRecord, resources: Resources): void {
  const limits = limitsOf(resources);
  if (statusOf(record) === 'stopped') throw new EngineError('failed-precondition', 'container not running');
  if (Object.keys(limits).length === 0) return;
  const cgroup = cgroupOfContainer(record);
  if (!cgroup) throw new EngineError('failed-precondition', 'cannot set limits: container has no cgroup');
  const before: Limits = storedLimits(record);
  const paths = record.cgroupPaths;
  writeLimits(cgroup.version === 2 ? writesV2(paths['']!, limits, before) : writesV1(paths, limits));
  storeLimits(record, limits);
}
