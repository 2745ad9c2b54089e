import type {Logger} from './log.ts';

/** One clean-up step gets this long; it must not die with the request that it cleans up after. */
const stepTimeoutMs = 10_000;

type Step = {name: string; run: (signal: AbortSignal) => unknown};

/**
 * Owns resources until `release()` passes them on. Steps run in reverse order, each with a fresh signal of 10 s; a
 * failing step is logged and the rest still run.
 *
 *     await using scope = new Scope(log);
 *     const dir = await mkdtemp(prefix);
 *     scope.defer(`remove ${dir}`, () => rm(dir, {recursive: true}));
 *     …
 *     return scope.release(); // success: the caller owns it now
 */
export class Scope implements AsyncDisposable {
  readonly #log: Logger;
  #steps: Step[] = [];

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Registers a clean-up step. Call it on the line after the acquisition. */
  defer(name: string, run: (signal: AbortSignal) => unknown): void {
    this.#steps.push({name, run});
  }

  /** Takes over a disposable and hands it back. */
  use<T extends Disposable | AsyncDisposable>(resource: T, name = resource.constructor?.name ?? 'resource'): T {
    this.defer(`close ${name}`, () =>
      Symbol.asyncDispose in resource ? resource[Symbol.asyncDispose]() : (resource as Disposable)[Symbol.dispose](),
    );
    return resource;
  }

  /** Empties this scope and returns its steps as one owner for the caller. */
  release(): Scope {
    const owner = new Scope(this.#log);
    owner.#steps = this.#steps;
    this.#steps = [];
    return owner;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) await this.#runStep(step);
  }

  async #runStep(step: Step): Promise<void> {
    const late = Promise.withResolvers<never>();
    late.promise.catch(() => {});
    const abort = new AbortController();
    const timer = setTimeout(() => {
      const error = new DOMException(`${step.name} took over ${stepTimeoutMs} ms`, 'TimeoutError');
      abort.abort(error);
      late.reject(error);
    }, stepTimeoutMs);
    try {
      await Promise.race([Promise.resolve(step.run(abort.signal)), late.promise]);
    } catch (error) {
      this.#log.warn({error, step: step.name}, 'clean-up step failed');
    } finally {
      clearTimeout(timer);
    }
  }
}
