/** A whole daemon in this process, on real sockets in a temporary directory, and a plain gRPC client for it. */
import {join} from 'node:path';
import {
  type CallOptions,
  Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  credentials,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import type {DeepPartial, MethodDefinition, RequestOf, ResponseOf, ServiceDefinition} from '@longshore/api';
import {createLogger} from '@longshore/base';
import type {ExecutionContext} from 'ava';
import {toConfig} from '../config/config.ts';
import {loadConfigTable} from '../config/load.ts';
import {startDaemon} from '../daemon.ts';
import {tempDir} from './store.ts';

export interface TestDaemon {
  address: string;
  root: string;
  client: TestClient;
  stop(): Promise<void>;
}

/** `more` are top-level keys of the configuration. */
export async function startTestDaemon(
  t: ExecutionContext,
  directory = tempDir(t),
  more: {[key: string]: unknown} = {},
): Promise<TestDaemon> {
  const [root, address] = [join(directory, 'root'), join(directory, 'c.sock')];
  const overrides = {root, state: join(directory, 'state'), address};
  const table = loadConfigTable({path: '/nosuch', required: false}, overrides);
  // Its check mounts an overlay, which belongs into a mount namespace of its own.
  const given = toConfig({...table, disabled_plugins: ['io.containerd.snapshotter.v1.overlayfs'], ...more});
  // Tests say themselves when garbage goes.
  const config = {...given, collector: {...given.collector, startupDelayMs: 3_600_000, mutationThreshold: 0}};
  const log: string[] = [];
  const daemon = await startDaemon(config, createLogger({level: 'warn', write: line => void log.push(line)}));
  const client = new TestClient(address);
  let stopped = false;
  const stop = async () => {
    if (stopped) return;
    stopped = true;
    client.close();
    await daemon[Symbol.asyncDispose]();
    if (log.length > 0) t.log(log.join(''));
  };
  t.teardown(stop);
  return {address, root, client, stop};
}

type Partially<Message> = DeepPartial<Message> & object;

export class TestClient {
  readonly #client: Client;

  constructor(address: string) {
    this.#client = new Client(`unix:${address}`, credentials.createInsecure(), {
      'grpc.max_receive_message_length': 16 << 20,
    });
  }

  /** One unary call; rejects with grpc-js's ServiceError. */
  call<S extends ServiceDefinition, K extends keyof S['methods'] & string>(
    definition: S,
    key: K,
    request: Partially<RequestOf<S['methods'][K]>>,
    headers: Record<string, string> = {'containerd-namespace': 'test'},
    options: CallOptions = {},
  ): Promise<ResponseOf<S['methods'][K]>> {
    const method = definition.methods[key] as MethodDefinition;
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        pathOf(definition, method),
        encoder(method),
        bytes => method.responseType.decode(bytes),
        request,
        metadataOf(headers),
        options,
        (error: ServiceError | null, response: unknown) => {
          if (error) reject(error);
          else resolve(response as ResponseOf<S['methods'][K]>);
        },
      );
    });
  }

  stream<S extends ServiceDefinition, K extends keyof S['methods'] & string>(
    definition: S,
    key: K,
    request: Partially<RequestOf<S['methods'][K]>>,
    headers: Record<string, string> = {'containerd-namespace': 'test'},
  ): ClientReadableStream<ResponseOf<S['methods'][K]>> {
    const method = definition.methods[key] as MethodDefinition;
    const decode = (bytes: Buffer) => method.responseType.decode(bytes) as ResponseOf<S['methods'][K]>;
    return this.#client.makeServerStreamRequest(
      pathOf(definition, method),
      encoder(method),
      decode,
      request,
      metadataOf(headers),
    );
  }

  duplex<S extends ServiceDefinition, K extends keyof S['methods'] & string>(
    definition: S,
    key: K,
    headers: Record<string, string> = {'containerd-namespace': 'test'},
  ): ClientDuplexStream<Partially<RequestOf<S['methods'][K]>>, ResponseOf<S['methods'][K]>> {
    const method = definition.methods[key] as MethodDefinition;
    const decode = (bytes: Buffer) => method.responseType.decode(bytes) as ResponseOf<S['methods'][K]>;
    return this.#client.makeBidiStreamRequest(pathOf(definition, method), encoder(method), decode, metadataOf(headers));
  }

  close(): void {
    this.#client.close();
  }
}

function pathOf(definition: ServiceDefinition, method: MethodDefinition): string {
  return `/${definition.fullName}/${method.name}`;
}

function encoder(method: MethodDefinition) {
  return (request: object) => Buffer.from(method.requestType.encode(method.requestType.fromPartial(request)).finish());
}

function metadataOf(headers: Record<string, string>): Metadata {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(headers)) metadata.set(key, value);
  return metadata;
}
