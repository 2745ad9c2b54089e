export type {CgroupWait} from './cgroup.ts';
export {Cgroup, cgroupAt, cgroupFromDirectories, cgroupOf} from './cgroup.ts';
export {noLimit as noCgroupLimit} from './files.ts';
export type {CgroupMode, Hierarchy, HierarchyMount} from './hierarchy.ts';
export {
  cgroupMode,
  cgroupPathsOf,
  controllerMounts,
  parseProcCgroup,
  unified as unifiedHierarchy,
} from './hierarchy.ts';
export type {OomHandler} from './oom-watch.ts';
export {readOomKills, watchOom} from './oom-watch.ts';
export type {CgroupResources, ThrottleDevice} from './resources.ts';
export {weightOfShares} from './resources.ts';
export type {
  BlkioEntry,
  BlkioStatistics,
  CgroupStatisticsV1,
  MemoryEntry,
  MemoryStatisticsV1,
  StatisticsExtent,
} from './statistics-v1.ts';
export type {
  CgroupStatisticsV2,
  IoEntry,
  MemoryStatisticsV2,
  PressureData,
  PressureStatistics,
} from './statistics-v2.ts';
