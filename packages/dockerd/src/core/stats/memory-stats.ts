/** The keys of memory.stat in Docker's order, and the fields of containerd's metrics that they are in. */
import type {MemoryStat as MemoryV1} from '@longshore/api/gen/containerd/cgroups/v1/metrics';
import type {MemoryStat as MemoryV2} from '@longshore/api/gen/containerd/cgroups/v2/metrics';

type Fields<T> = readonly (readonly [key: string, field: keyof T])[];

const v1: Fields<MemoryV1> = [
  ['active_anon', 'activeAnon'],
  ['active_file', 'activeFile'],
  ['cache', 'cache'],
  ['dirty', 'dirty'],
  ['hierarchical_memory_limit', 'hierarchicalMemoryLimit'],
  ['hierarchical_memsw_limit', 'hierarchicalSwapLimit'],
  ['inactive_anon', 'inactiveAnon'],
  ['inactive_file', 'inactiveFile'],
  ['mapped_file', 'mappedFile'],
  ['pgfault', 'pgFault'],
  ['pgmajfault', 'pgMajFault'],
  ['pgpgin', 'pgPgIn'],
  ['pgpgout', 'pgPgOut'],
  ['rss', 'rss'],
  ['rss_huge', 'rssHuge'],
  ['total_active_anon', 'totalActiveAnon'],
  ['total_active_file', 'totalActiveFile'],
  ['total_cache', 'totalCache'],
  ['total_dirty', 'totalDirty'],
  ['total_inactive_anon', 'totalInactiveAnon'],
  ['total_inactive_file', 'totalInactiveFile'],
  ['total_mapped_file', 'totalMappedFile'],
  ['total_pgfault', 'totalPgFault'],
  ['total_pgmajfault', 'totalPgMajFault'],
  ['total_pgpgin', 'totalPgPgIn'],
  ['total_pgpgout', 'totalPgPgOut'],
  ['total_rss', 'totalRss'],
  ['total_rss_huge', 'totalRssHuge'],
  ['total_unevictable', 'totalUnevictable'],
  ['total_writeback', 'totalWriteback'],
  ['unevictable', 'unevictable'],
  ['writeback', 'writeback'],
];

const v2: Fields<MemoryV2> = [
  ['active_anon', 'activeAnon'],
  ['active_file', 'activeFile'],
  ['anon', 'anon'],
  ['anon_thp', 'anonThp'],
  ['file', 'file'],
  ['file_dirty', 'fileDirty'],
  ['file_mapped', 'fileMapped'],
  ['file_writeback', 'fileWriteback'],
  ['inactive_anon', 'inactiveAnon'],
  ['inactive_file', 'inactiveFile'],
  ['kernel_stack', 'kernelStack'],
  ['pgactivate', 'pgactivate'],
  ['pgdeactivate', 'pgdeactivate'],
  ['pgfault', 'pgfault'],
  ['pglazyfree', 'pglazyfree'],
  ['pglazyfreed', 'pglazyfreed'],
  ['pgmajfault', 'pgmajfault'],
  ['pgrefill', 'pgrefill'],
  ['pgscan', 'pgscan'],
  ['pgsteal', 'pgsteal'],
  ['shmem', 'shmem'],
  ['slab', 'slab'],
  ['slab_reclaimable', 'slabReclaimable'],
  ['slab_unreclaimable', 'slabUnreclaimable'],
  ['sock', 'sock'],
  ['thp_collapse_alloc', 'thpCollapseAlloc'],
  ['thp_fault_alloc', 'thpFaultAlloc'],
  ['unevictable', 'unevictable'],
  ['workingset_activate', 'workingsetActivate'],
  ['workingset_nodereclaim', 'workingsetNodereclaim'],
  ['workingset_refault', 'workingsetRefault'],
];

export function memoryTableV1(memory: MemoryV1): Record<string, bigint> {
  return Object.fromEntries(v1.map(([key, field]) => [key, memory[field] as bigint]));
}

/** All zero where the group has no memory controller. */
export function memoryTableV2(memory: MemoryV2 | undefined): Record<string, bigint> {
  return Object.fromEntries(v2.map(([key, field]) => [key, (memory?.[field] ?? 0n) as bigint]));
}
