export interface BackoffOptions {
  /** First delay in milliseconds. */
  initial: number;
  /** Largest delay in milliseconds. */
  max: number;
  factor?: number;
}

/** Milliseconds to wait before attempt `attempt` (0 is the first retry). */
export function backoff(attempt: number, options: BackoffOptions): number {
  return Math.min(options.max, options.initial * (options.factor ?? 2) ** attempt);
}

/**
 * Waits `milliseconds`; rejects at once with the signal's reason when it aborts. Made of the global timer: loading
 * node:timers/promises costs each start of a short-lived program most of a millisecond.
 */
export async function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  const {promise, resolve, reject} = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  const onAbort = () => reject(signal?.reason);
  signal?.addEventListener('abort', onAbort, {once: true});
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}

/** Runs `action` up to `attempts` times while `isTransient` says that the error may pass. Throws the last error. */
export async function retry<T>(
  action: (attempt: number) => Promise<T>,
  options: BackoffOptions & {attempts: number; signal?: AbortSignal; isTransient?: (error: unknown) => boolean},
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await action(attempt);
    } catch (error) {
      if (attempt + 1 >= options.attempts || options.isTransient?.(error) === false) throw error;
    }
    await sleep(backoff(attempt, options), options.signal);
  }
}
