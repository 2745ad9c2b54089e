/** GET /system/jobs: an addition of Longshore's to the Engine API. */
export interface EngineJobs {
  /** In flight, oldest first. */
  Running: {
    ID: number;
    /** `create`, `container_inspect`, `pull` … */
    Job: string;
    /** `key=value`. */
    Arguments: string[];
    StartedAt: string;
    DurationMs: number;
    /** It waits for something outside: the end of a container, new log lines. A shutdown does not wait for it. */
    Waits: boolean;
  }[];
  /** By name, since the daemon was started. */
  Counts: {Job: string; Started: number; Failed: number}[];
}
