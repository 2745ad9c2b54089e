import {EventsDefinition} from '@longshore/api/gen/containerd/services/events/v1/events';
import {VersionDefinition} from '@longshore/api/gen/containerd/services/version/v1/version';
import type {Envelope} from '@longshore/api/gen/containerd/types/event';
import type {CallContext} from '@longshore/base';
import {makeClient} from './call/make-client.ts';
import {readResponses, startServerStream} from './call/server-stream.ts';
import type {ContainerdClient} from './client.ts';

/**
 * Events from the moment this resolves: containerd has taken the subscription by then, so what is caused afterwards
 * is not missed. Read it with `for await`; it ends with an error when the connection breaks (`unavailable`) and the
 * caller subscribes anew, since containerd replays nothing. Abort `ctx.signal` or leave the loop to end it.
 * `filters` are containerd's (`topic~=|^/tasks/|`), any of which lets an event through.
 */
export async function subscribeEvents(
  ctx: CallContext,
  client: ContainerdClient,
  filters: readonly string[] = [],
): Promise<AsyncGenerator<Envelope, void, void>> {
  const channel = client.eventChannel;
  const {subscribe} = EventsDefinition.methods;
  const path = `/${EventsDefinition.fullName}/${subscribe.name}`;
  const call = startServerStream(channel, path, subscribe, ctx, {filters: [...filters]});
  const events = readResponses(call, channel, ctx);
  try {
    // The server takes calls of one connection in order: when this is answered, it has seen the one before.
    await makeClient(channel, VersionDefinition).version(ctx, {});
  } catch (error) {
    call.cancel();
    throw error;
  }
  return events;
}
