/** Follows containerd's events about tasks for as long as the daemon lives. */
import {TaskExit, TaskOOM} from '@longshore/api/gen/containerd/events/task';
import {protobufTypeUrl} from '@longshore/api/type-urls';
import {backoff, type CallContext, sleep, withSignal} from '@longshore/base';
import {type ContainerdClient, nanosOf, subscribeEvents, unpackAny} from '@longshore/containerd-client';
import type {TaskListener} from '../../core/ports/task-runtime.ts';

type Envelope = Awaited<ReturnType<typeof subscribeEvents>> extends AsyncGenerator<infer E> ? E : never;

/**
 * Resolves when the first subscription stands, so that no exit is missed afterwards. When containerd goes away it
 * subscribes anew as soon as possible and then calls `interrupted`, since containerd replays nothing.
 */
export async function followTaskEvents(
  ctx: CallContext,
  client: ContainerdClient,
  listener: TaskListener,
): Promise<AsyncDisposable> {
  const stop = new AbortController();
  const own = withSignal(ctx, AbortSignal.any([ctx.signal, stop.signal]));
  const first = await subscribe(own, client);
  const following = follow(own, client, listener, first);
  return {
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await following;
    },
  };
}

function subscribe(ctx: CallContext, client: ContainerdClient): Promise<AsyncIterable<Envelope>> {
  const mine = `namespace==${ctx.namespace}`;
  return subscribeEvents(ctx, client, [`${mine},topic==/tasks/exit`, `${mine},topic==/tasks/oom`]);
}

async function follow(
  ctx: CallContext,
  client: ContainerdClient,
  listener: TaskListener,
  first: AsyncIterable<Envelope>,
): Promise<void> {
  let events: AsyncIterable<Envelope> | undefined = first;
  for (let attempt = 0; !ctx.signal.aborted; attempt++) {
    try {
      events ??= await subscribe(ctx, client);
      if (attempt > 0) listener.interrupted();
      attempt = 0;
      for await (const event of events) deliver(event, listener, ctx);
    } catch (error) {
      if (ctx.signal.aborted) return;
      ctx.log.debug({error}, 'event stream of containerd is interrupted');
    }
    events = undefined;
    await sleep(backoff(attempt, {initial: 20, max: 1000}), ctx.signal).catch(() => {});
  }
}

function deliver({topic, event}: Envelope, listener: TaskListener, ctx: CallContext): void {
  if (!event) return;
  const exit = unpackAny(event, protobufTypeUrl.taskExit, TaskExit);
  if (exit) {
    const {containerId, id, pid, exitStatus, exitedAt} = exit;
    const when = exitedAt ? nanosOf(exitedAt) : BigInt(Date.now()) * 1_000_000n;
    listener.exited({containerId, execId: id === containerId ? '' : id, pid, exitCode: exitStatus, exitedAt: when});
    return;
  }
  const oom = unpackAny(event, protobufTypeUrl.taskOom, TaskOOM);
  if (oom) listener.outOfMemory(oom.containerId);
  else ctx.log.debug({topic}, 'event of containerd that is not understood');
}
