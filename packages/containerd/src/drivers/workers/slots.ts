/** At most `size` holders at a time, first come first served. */
export class Slots {
  readonly #size: number;
  readonly #waiting = new Set<() => void>();
  #held = 0;

  constructor(size: number) {
    this.#size = size;
  }

  /** `using slot = await slots.acquire(signal);` An aborted wait rejects and holds nothing. */
  async acquire(signal: AbortSignal): Promise<Disposable> {
    signal.throwIfAborted();
    if (this.#held < this.#size) this.#held++;
    else await this.#wait(signal); // the slot is handed over by its last holder
    let released = false;
    return {
      [Symbol.dispose]: () => {
        if (!released) this.#release();
        released = true;
      },
    };
  }

  async #wait(signal: AbortSignal): Promise<void> {
    const {promise, resolve, reject} = Promise.withResolvers<void>();
    const onAbort = () => {
      this.#waiting.delete(resolve);
      reject(signal.reason);
    };
    this.#waiting.add(resolve);
    signal.addEventListener('abort', onAbort, {once: true});
    try {
      await promise;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  #release(): void {
    const [next] = this.#waiting;
    if (!next) {
      this.#held--;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
