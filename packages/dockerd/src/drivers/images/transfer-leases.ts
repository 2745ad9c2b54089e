/** Leases under which images are made: those of a killed daemon are found by their label. */
import {type CallContext, callContext} from '@longshore/base';
import {acquireLease, type ContainerdClient} from '@longshore/containerd-client';
import {isErrorCode} from '@longshore/errdefs';

const label = 'com.docker/engine.image-transfer';

/** Runs `action` under a lease of its own, or under the one that the context has already. */
export async function withTransferLease<T>(
  ctx: CallContext,
  client: ContainerdClient,
  action: (ctx: CallContext) => Promise<T>,
): Promise<T> {
  if (ctx.lease) return await action(ctx);
  await using lease = await acquireLease(ctx, client, {labels: {[label]: 'true'}});
  try {
    return await action(lease.ctx);
  } catch (error) {
    await discard(ctx, client, lease.id);
    throw error;
  }
}

/** What a failed transfer has stored is gone before its error is told: a full disk has room again. */
async function discard(ctx: CallContext, client: ContainerdClient, id: string): Promise<void> {
  const own = callContext({namespace: ctx.namespace, log: ctx.log});
  try {
    await client.leases.delete(own, {id, sync: true}, {timeoutMs: 10_000});
  } catch (error) {
    if (!isErrorCode(error, 'not-found'))
      ctx.log.warn({lease: id, error}, 'cannot discard what a failed transfer stored');
  }
}

/** At the start of the daemon: what an earlier one was making is given up. */
export async function removeTransferLeases(ctx: CallContext, client: ContainerdClient): Promise<void> {
  const {leases} = await client.leases.list(ctx, {filters: [`labels."${label}"==true`]});
  for (const {id} of leases) {
    try {
      await client.leases.delete(ctx, {id});
    } catch (error) {
      if (!isErrorCode(error, 'not-found')) throw error;
    }
  }
}
