import {type CallContext, withSignal} from '@longshore/base';

/**
 * Runs `action` for every item, at most `limit` at a time, in order. The first failure aborts the context of the
 * others; it is thrown when all of them have ended.
 */
export async function forEachLimited<T>(
  ctx: CallContext,
  items: readonly T[],
  limit: number,
  action: (ctx: CallContext, item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  await allOrNone(ctx, inner => {
    const worker = async () => {
      for (const item of queue) {
        inner.signal.throwIfAborted();
        await action(inner, item);
      }
    };
    return Array.from({length: Math.min(limit, items.length)}, worker);
  });
}

/** Waits for everything that `start` began; when one fails the others are aborted, and waited for all the same. */
export async function allOrNone(ctx: CallContext, start: (ctx: CallContext) => Promise<unknown>[]): Promise<void> {
  const failed = new AbortController();
  const work = start(withSignal(ctx, AbortSignal.any([ctx.signal, failed.signal])));
  try {
    await Promise.all(work);
  } catch (error) {
    failed.abort(error);
    await Promise.allSettled(work);
    throw error;
  }
}
