import {type CallContext, callContext, randomHex} from '@longshore/base';
import {isErrorCode} from '@longshore/errdefs';
import type {ImageServices} from './client.ts';

/** A lease of a process that died is collected after this time (Docker's and containerd's clients use 24 h). */
const defaultExpiryMs = 24 * 60 * 60 * 1000;

export interface Lease extends AsyncDisposable {
  readonly id: string;
  /** The context given, with this lease: what is created under it is kept from garbage collection. */
  readonly ctx: CallContext;
}

/** `await using lease = await acquireLease(ctx, client);` and then work under `lease.ctx`. */
export async function acquireLease(
  ctx: CallContext,
  client: ImageServices,
  options: {id?: string; expiryMs?: number; labels?: Record<string, string>} = {},
): Promise<Lease> {
  const expires = new Date(Date.now() + (options.expiryMs ?? defaultExpiryMs));
  const id = options.id ?? `${process.hrtime.bigint() % 1_000_000_000n}-${randomHex(2)}`;
  const labels = {...options.labels, 'containerd.io/gc.expire': expires.toISOString().replace(/\.\d+Z$/, 'Z')};
  await client.leases.create({...ctx, lease: ''}, {id, labels});
  return {id, ctx: {...ctx, lease: id}, [Symbol.asyncDispose]: () => release(ctx, client, id)};
}

/** Runs `action` under its own lease, or under the lease that the context has already. */
export async function withLease<T>(
  ctx: CallContext,
  client: ImageServices,
  action: (ctx: CallContext) => Promise<T>,
): Promise<T> {
  if (ctx.lease) return await action(ctx);
  await using lease = await acquireLease(ctx, client);
  return await action(lease.ctx);
}

/** Not cut short by the caller's cancellation, and never a reason for the work done under it to fail. */
async function release(ctx: CallContext, client: ImageServices, id: string): Promise<void> {
  const own = callContext({namespace: ctx.namespace, log: ctx.log});
  try {
    await client.leases.delete(own, {id}, {timeoutMs: 10_000});
  } catch (error) {
    if (!isErrorCode(error, 'not-found')) ctx.log.warn({lease: id, error}, 'cannot release lease, it will expire');
  }
}
