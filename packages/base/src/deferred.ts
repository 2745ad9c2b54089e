/** A promise with its handles outside. */
export interface Deferred<T> {
  promise: Promise<T>;
  resolve(value: T): void;
  reject(reason: unknown): void;
}

/** Promise.withResolvers with the unhandled-rejection noise off: whoever awaits sees the error. */
export function deferred<T = void>(): Deferred<T> {
  const made = Promise.withResolvers<T>();
  made.promise.catch(() => {});
  return made as Deferred<T>;
}
