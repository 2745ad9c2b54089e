/** What the rest of the core tells the collector. */
export interface CollectorTriggers {
  /** Something was removed, so something else may have become garbage. */
  removed(): void;
  /** Something was created or changed; many of these together are reason enough for a collection. */
  mutated(): void;
  /** Resolves when a collection that began after this call is over. Throws what the collection threw. */
  collect(): Promise<void>;
}
