/** Versions as the neighbours compare them: the protocol level of the original, then our own release. */
export const longshoreVersion = '0.1.0';

/** What `docker version` and GET /version report for the engine. */
export const engineVersion = `28.5.2-longshore.${longshoreVersion}`;
export const engineApiVersion = '1.51';
export const engineMinApiVersion = '1.24';

/** What containerd's Version service reports. */
export const containerdVersion = `2.1.9-longshore.${longshoreVersion}`;

/** What `runc-wrapper --version` reports; dockerd parses the first line. */
export const runcVersion = `1.3.6-longshore.${longshoreVersion}`;
export const ociRuntimeSpecVersion = '1.2.1';

/** Replaced by the build with the commit the executable was made from. */
export const gitCommit: string = process.env.LONGSHORE_BUILD_COMMIT ?? 'unknown';
export const buildTime: string = process.env.LONGSHORE_BUILD_TIME ?? '';

/**
 * A string inside the executable of our own shim, by which containerd knows that it may start it directly with the
 * listening socket as fd 3 instead of by the `start` protocol. The shim must use it, or minifying would drop it.
 */
export const shimDirectStartMarker = 'longshore-shim-direct-start-v1';

/**
 * Environment in which our shim takes least memory. It idles for most of its life: it needs no compiler, no thread for
 * garbage collection beside its own, no periodic look for garbage, and no code that is not in use. Whoever starts the
 * serving shim sets it; Bun reads these variables before any JavaScript runs.
 */
export const shimRuntimeEnvironment: Readonly<Record<string, string>> = {
  BUN_JSC_useJIT: '0',
  BUN_JSC_useConcurrentGC: '0',
  BUN_JSC_numberOfGCMarkers: '1',
  BUN_JSC_forceCodeBlockToJettisonDueToOldAge: '1',
  BUN_JSC_useUnlinkedCodeBlockJettisoning: '1',
  BUN_GC_TIMER_DISABLE: '1',
  MIMALLOC_PURGE_DELAY: '0', // at once, instead of by a thread that wakes every 30 s for ever
};
