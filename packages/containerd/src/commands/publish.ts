/** `containerd publish`: how shims before runtime v2's ttrpc reported events. The Any comes on standard input. */
import {Client, credentials, Metadata} from '@grpc/grpc-js';
import {EventsDefinition, PublishRequest} from '@longshore/api/gen/containerd/services/events/v1/events';
import {Any} from '@longshore/api/gen/google/protobuf/any';
import {EngineError, grpcStatusToCode} from '@longshore/errdefs';
import {defaults} from '../config/config.ts';
import type {CommandLine} from '../config/flags.ts';

/** Milliseconds; the original gives up after as long. */
const timeoutMs = 5_000;

export async function publish(args: readonly string[], line: CommandLine): Promise<void> {
  const {topic, namespace} = parseFlags(args);
  if (topic === '') throw new EngineError('invalid-argument', 'topic required to publish event');
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  const event = Any.decode(Buffer.concat(chunks));
  const {address} = defaults.grpc as {address: string};
  const client = new Client(`unix:${line.overrides.address ?? address}`, credentials.createInsecure());
  try {
    await send(client, namespace, PublishRequest.fromPartial({topic, event}));
  } finally {
    client.close();
  }
}

function send(client: Client, namespace: string, request: PublishRequest): Promise<void> {
  const metadata = new Metadata();
  metadata.set('containerd-namespace', namespace);
  const method = EventsDefinition.methods.publish;
  const {promise, resolve, reject} = Promise.withResolvers<void>();
  client.makeUnaryRequest(
    `/${EventsDefinition.fullName}/${method.name}`,
    (message: PublishRequest) => Buffer.from(PublishRequest.encode(message).finish()),
    () => undefined,
    request,
    metadata,
    {deadline: Date.now() + timeoutMs},
    error => {
      if (error) reject(new EngineError(grpcStatusToCode(error.code, error.details), error.details, {cause: error}));
      else resolve();
    },
  );
  return promise;
}

function parseFlags(args: readonly string[]): {topic: string; namespace: string} {
  const flags = {topic: '', namespace: ''};
  for (let at = 0; at < args.length; at++) {
    const match = /^--?(topic|namespace)(?:=(.*))?$/s.exec(args[at] as string);
    if (!match) throw new EngineError('invalid-argument', `flag provided but not defined: ${args[at]}`);
    flags[match[1] as keyof typeof flags] = match[2] ?? args[++at] ?? '';
  }
  return flags;
}
