/** Mutual exclusion between async functions of one process, first come first served. */
export class Mutex {
  #tail: Promise<void> = Promise.resolve();
  #held = 0;

  get isLocked(): boolean {
    return this.#held > 0;
  }

  /** `using lock = await mutex.acquire();` An aborted wait rejects and never holds the lock. */
  async acquire(signal?: AbortSignal): Promise<Disposable> {
    signal?.throwIfAborted();
    const previous = this.#tail;
    const {promise, resolve} = Promise.withResolvers<void>();
    this.#tail = promise;
    this.#held++;
    let released = false;
    const release = () => {
      if (released) return;
      released = true;
      this.#held--;
      resolve();
    };
    try {
      await raceAbort(previous, signal);
    } catch (error) {
      previous.then(release);
      throw error;
    }
    return {[Symbol.dispose]: release};
  }

  async run<T>(action: () => Promise<T> | T, signal?: AbortSignal): Promise<T> {
    using _lock = await this.acquire(signal);
    return await action();
  }
}

/** One Mutex per key, kept only while somebody uses it. */
export class KeyedMutex {
  readonly #locks = new Map<string, Mutex>();

  async acquire(key: string, signal?: AbortSignal): Promise<Disposable> {
    const held = this.#locks.get(key) ?? new Mutex();
    this.#locks.set(key, held);
    const forget = () => {
      if (!held.isLocked && this.#locks.get(key) === held) this.#locks.delete(key);
    };
    try {
      const lock = await held.acquire(signal);
      return {
        [Symbol.dispose]: () => {
          lock[Symbol.dispose]();
          forget();
        },
      };
    } catch (error) {
      queueMicrotask(forget);
      throw error;
    }
  }

  async run<T>(key: string, action: () => Promise<T> | T, signal?: AbortSignal): Promise<T> {
    using _lock = await this.acquire(key, signal);
    return await action();
  }
}

async function raceAbort(waited: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (!signal) return waited;
  const {promise, reject} = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener('abort', onAbort, {once: true});
  try {
    await Promise.race([waited, promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
