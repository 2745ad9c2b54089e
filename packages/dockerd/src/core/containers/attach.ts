/** Attaching a client to a container's streams. */
import {aborted, type CallContext} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import type {StreamName} from '../logs/log-entry.ts';
import type {InputPipe} from '../ports/container-io.ts';
import type {Container} from './container.ts';
import type {DetachKeys} from './detach-keys.ts';
import {PatientOutput} from './patient-output.ts';
import {publishContainerEvent, type World} from './world.ts';

export interface AttachOptions {
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  /** Undefined for keys that cannot be typed: no terminal. */
  detachKeys: DetachKeys | undefined;
}

/** A client's connection, framed already. */
export interface ClientStreams {
  /** The next bytes of its standard input; undefined at the end. */
  read(): Promise<Buffer | undefined>;
  write(stream: StreamName, data: Buffer): void;
  readonly pending: number;
  drained(): Promise<void>;
  /** Aborted when the client is gone altogether. */
  readonly closed: AbortSignal;
}

/** Throws `conflict` for states that have no streams. */
export function checkAttachable({name, state, id}: Container): void {
  if (state.status === 'paused') {
    throw new EngineError('conflict', `container ${name} is paused, unpause the container before attach`);
  }
  if (state.status === 'restarting') {
    throw new EngineError('conflict', `container ${id} is restarting, wait until the container is running`);
  }
}

/**
 * Connects the client until the container ends, the client leaves or detaches, or its standard input ends where that
 * ends the session. Resolves then.
 */
export async function attachClient(
  world: World,
  ctx: CallContext,
  container: Container,
  client: ClientStreams,
  options: AttachOptions,
): Promise<void> {
  const ended = Promise.withResolvers<void>();
  const wanted = new Set<StreamName>([
    ...(options.stdout ? ['stdout' as const] : []),
    ...(options.stderr ? ['stderr' as const] : []),
  ]);
  const output = new PatientOutput(client, world.openOverflow, error => {
    world.log.warn({container: container.id, error}, 'cannot keep output for a slow client: it is let go');
    ended.resolve();
  });
  using _subscription = container.output.subscribe({
    wants: stream => wanted.has(stream),
    write: (stream, data) => output.write(stream, data),
    get pending() {
      return output.pending;
    },
    get holds() {
      return client.pending > 0;
    },
    drained: () => output.drained(),
    end: () => void output.flushed().then(ended.resolve),
  });
  publishContainerEvent(world, container, 'attach');
  for (const signal of [client.closed, ctx.signal]) void aborted(signal).then(ended.resolve);
  if (options.stdin && container.record.config.OpenStdin) {
    void passInput(world, container, client, options.detachKeys, ended.promise).then(
      isOver => isOver && ended.resolve(),
      error => {
        world.log.debug({container: container.id, error}, 'standard input of a client ended');
        ended.resolve();
      },
    );
  }
  await ended.promise;
  output.close();
}

/** Copies input until it ends. True when that ends the session. */
async function passInput(
  world: World,
  container: Container,
  client: ClientStreams,
  detachKeys: DetachKeys | undefined,
  ended: Promise<void>,
): Promise<boolean> {
  const {StdinOnce: once, Tty: tty} = container.record.config;
  const io = await Promise.race([container.waitForIo(), ended]);
  if (!io?.stdin) return false;
  const detached = await copyInput(client, io.stdin, tty ? detachKeys : undefined);
  if (detached) {
    publishContainerEvent(world, container, 'detach');
    return true;
  }
  if (!once || tty) return true;
  await io.stdin.end();
  await world.runtime.closeStdin(world.background, container.id);
  return false;
}

/** True when the detach keys were typed. */
export async function copyInput(
  client: Pick<ClientStreams, 'read'>,
  stdin: InputPipe,
  detachKeys: DetachKeys | undefined,
): Promise<boolean> {
  for (let data = await client.read(); data; data = await client.read()) {
    const {passed, detached} = detachKeys ? detachKeys.filter(data) : {passed: data, detached: false};
    if (passed.length > 0) await stdin.write(passed);
    if (detached) return true;
  }
  return false;
}
