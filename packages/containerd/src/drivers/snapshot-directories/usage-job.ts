/** What `tree.worker.ts` is asked for. */
export interface UsageJob {
  root: string;
  /** Another tree: what is the same file in both, at the same path, does not count. */
  than?: string;
}
