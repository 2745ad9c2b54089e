/** The two ways to hand an event to containerd: its ttrpc socket, or (older ones) its `publish` command. */
import {closeSync, writeSync} from 'node:fs';
import {EventsDefinition} from '@longshore/api/gen/containerd/services/ttrpc/events/v1/events';
import type {Envelope} from '@longshore/api/gen/containerd/types/event';
import {Any} from '@longshore/api/gen/google/protobuf/any';
import {callContext, type FinishedSpan} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {memfd} from '@longshore/linux';
import {socketPath, TtrpcClient} from '@longshore/ttrpc';
import type {EventTransport} from './publisher.ts';
import type {Reaper} from './reaper.ts';
import {connectStream} from './unix-stream.ts';

const forwardTimeoutMs = 5000;

/** Calls Events/Forward on one connection, which is made when it is needed and again when containerd closed it. */
export function ttrpcTransport(address: string, namespace: string): EventTransport {
  const ctx = callContext({namespace});
  const path = socketPath(address);
  let client: TtrpcClient | undefined;
  const connection = () => {
    if (!client || client.closed) client = new TtrpcClient(connectStream(path));
    return client;
  };
  return {
    async forward(envelope) {
      await connection().service(EventsDefinition).forward(ctx, {envelope}, {timeoutMs: forwardTimeoutMs});
    },
    async report(spans: FinishedSpan[]) {
      const {TracesDefinition} = await import('@longshore/api/gen/longshore/trace/v1/trace');
      await connection().service(TracesDefinition).report(ctx, {spans}, {timeoutMs: forwardTimeoutMs});
    },
    [Symbol.dispose]: () => client?.close(),
  };
}

export interface PublishCommand {
  /** The containerd executable. */
  binary: string;
  /** containerd's gRPC socket. */
  address: string;
  env: Record<string, string | undefined>;
}

/** Runs `containerd --address A publish --topic T --namespace NS` with the event's Any on standard input. */
export function commandTransport(command: PublishCommand, reaper: Reaper): EventTransport {
  return {
    async forward(envelope) {
      const {binary, address, env} = command;
      const argv = [binary, '--address', address, 'publish', '--topic', envelope.topic, '--namespace'];
      const input = eventFile(envelope);
      try {
        const child = reaper.spawn({path: binary, argv: [...argv, envelope.namespace], env, fds: [input]});
        const {exitStatus} = await child.exited;
        if (exitStatus !== 0) throw new EngineError('unavailable', `${binary} publish ended with status ${exitStatus}`);
      } finally {
        closeSync(input);
      }
    },
    [Symbol.dispose]: () => {},
  };
}

/** A file in memory whose offset is at its start. */
function eventFile(envelope: Envelope): number {
  const fd = memfd('event');
  const bytes = Any.encode(envelope.event ?? Any.fromPartial({})).finish();
  writeSync(fd, bytes, 0, bytes.length, 0);
  return fd;
}
