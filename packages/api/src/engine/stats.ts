/** Resource use: GET /containers/{id}/stats, one object each second. Counters are cumulative. */

/** A container that is not running gives zero times and empty objects, and no `networks`. */
export interface ContainerStats {
  /** With a leading slash. */
  name?: string;
  id?: string;
  /** Time of this sample and of the one in `precpu_stats`. */
  read: string;
  preread: string;
  pids_stats: PidsStats;
  blkio_stats: BlkioStats;
  /** Windows. */
  num_procs: number;
  storage_stats: StorageStats;
  cpu_stats: CpuStats;
  precpu_stats: CpuStats;
  memory_stats: MemoryStats;
  /** By interface name. */
  networks?: Record<string, NetworkStats>;
}

export interface PidsStats {
  current?: number;
  limit?: number;
}

/** cgroup v2 fills the first list only. */
export interface BlkioStats {
  io_service_bytes_recursive: BlkioStatEntry[] | null;
  io_serviced_recursive: BlkioStatEntry[] | null;
  io_queue_recursive: BlkioStatEntry[] | null;
  io_service_time_recursive: BlkioStatEntry[] | null;
  io_wait_time_recursive: BlkioStatEntry[] | null;
  io_merged_recursive: BlkioStatEntry[] | null;
  io_time_recursive: BlkioStatEntry[] | null;
  sectors_recursive: BlkioStatEntry[] | null;
}

/** `op` is `Read`, `Write`, ... (lower case with cgroup v2). */
export interface BlkioStatEntry {
  major: number;
  minor: number;
  op: string;
  value: number;
}

/** Windows. */
export interface StorageStats {
  read_count_normalized?: number;
  read_size_bytes?: number;
  write_count_normalized?: number;
  write_size_bytes?: number;
}

/** Nanoseconds. */
export interface CpuStats {
  cpu_usage: {
    total_usage: number;
    /** cgroup v1 */
    percpu_usage?: number[];
    usage_in_kernelmode: number;
    usage_in_usermode: number;
  };
  /** Of the whole host. */
  system_cpu_usage?: number;
  online_cpus?: number;
  throttling_data: {periods: number; throttled_periods: number; throttled_time: number};
}

/** Bytes; `stats` has the keys of memory.stat. */
export interface MemoryStats {
  usage?: number;
  /** cgroup v1 */
  max_usage?: number;
  stats?: Record<string, number>;
  /** cgroup v1 */
  failcnt?: number;
  limit?: number;
  /** Windows. */
  commitbytes?: number;
  commitpeakbytes?: number;
  privateworkingset?: number;
}

export interface NetworkStats {
  rx_bytes: number;
  rx_packets: number;
  rx_errors: number;
  rx_dropped: number;
  tx_bytes: number;
  tx_packets: number;
  tx_errors: number;
  tx_dropped: number;
  /** Windows. */
  endpoint_id?: string;
  instance_id?: string;
}
