import {cgroupOfContainer} from '../cgroups/container-cgroup.ts';
import type {ContainerRecord} from '../state/record.ts';
import {statisticsV1} from './v1.ts';
import {statisticsV2} from './v2.ts';

/** The `data` of a statistics event. Counters are bigints: some are beyond 2^53. */
export function readStatistics(record: Pick<ContainerRecord, 'cgroupPaths'>): Record<string, unknown> {
  const cgroup = cgroupOfContainer(record);
  return cgroup?.version === 2 ? statisticsV2(record.cgroupPaths['']!) : statisticsV1(record.cgroupPaths);
}
