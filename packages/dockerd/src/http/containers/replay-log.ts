import type {ClientStreams} from '../../core/containers/attach.ts';
import type {Container} from '../../core/containers/container.ts';
import {logLocationOf} from '../../core/containers/log-request.ts';
import type {World} from '../../core/containers/world.ts';
import type {StreamName} from '../../core/logs/log-entry.ts';
import type {LogQuery} from '../../core/ports/log-driver.ts';

/** The log so far, before the live output; as fast as the client takes it. */
export async function replayLog(
  world: World,
  container: Container,
  streams: ReadonlySet<StreamName>,
  client: Pick<ClientStreams, 'write' | 'drained' | 'closed'>,
): Promise<void> {
  const query: LogQuery = {
    ...{streams, since: undefined, until: undefined, tail: undefined, follow: false},
    signal: client.closed,
  };
  for await (const entries of world.stdio.openLog(logLocationOf(world, container)).read(query)) {
    for (const {stream, line} of entries) client.write(stream, line);
    await client.drained();
  }
}
