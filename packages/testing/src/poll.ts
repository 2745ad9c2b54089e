import {setTimeout as delay} from 'node:timers/promises';

export interface PollOptions {
  /** Milliseconds until it gives up; 10,000 by default. */
  timeout?: number;
  /** Milliseconds between two looks; 20 by default. */
  interval?: number;
  /** What is waited for; named in the error. */
  what?: string;
}

/** Looks until `look` gives something truthy, and returns that. Throws when `timeout` passes, with the last error as cause. */
export async function poll<T>(
  look: () => T | Promise<T>,
  options: PollOptions = {},
): Promise<Exclude<T, undefined | null | false>> {
  const deadline = Date.now() + (options.timeout ?? 10_000);
  let cause: unknown;
  for (;;) {
    try {
      const seen = await look();
      if (seen) return seen as Exclude<T, undefined | null | false>;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (Date.now() >= deadline) {
      throw new Error(`waited ${options.timeout ?? 10_000} ms in vain for ${options.what ?? 'a condition'}`, {cause});
    }
    await delay(options.interval ?? 20);
  }
}
