/** A gRPC server of generated services in this process. Tests only. */
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {
  type handleUnaryCall,
  type Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerWritableStream,
  type ServiceError,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type {ServiceDefinition} from '@longshore/api';
import type {ExecutionContext} from 'ava';

type Unary = (request: never, call: {metadata: Metadata; signal: AbortSignal}) => unknown;
type Handlers = Record<string, Unary | ((call: never) => void)>;

/** Unary methods are functions of the request; streaming ones get grpc-js's call. */
export class FakeServer {
  readonly address: string;
  readonly #services: [ServiceDefinition, Handlers][];
  #server: Server | undefined;

  constructor(t: ExecutionContext, ...services: [ServiceDefinition, Handlers][]) {
    const directory = mkdtempSync(join(tmpdir(), 'ls-grpc-'));
    this.address = join(directory, 's.sock');
    this.#services = services;
    t.teardown(() => {
      this.stop();
      rmSync(directory, {recursive: true, force: true});
    });
  }

  async start(): Promise<this> {
    const server = new Server({'grpc.max_receive_message_length': 16 << 20});
    for (const [definition, handlers] of this.#services) addService(server, definition, handlers);
    await new Promise<void>((resolve, reject) => {
      const credentials = ServerCredentials.createInsecure();
      server.bindAsync(`unix:${this.address}`, credentials, error => (error ? reject(error) : resolve()));
    });
    this.#server = server;
    return this;
  }

  stop(): void {
    this.#server?.forceShutdown();
    rmSync(this.address, {force: true});
  }
}

function addService(server: Server, definition: ServiceDefinition, handlers: Handlers): void {
  const methods: Record<string, unknown> = {};
  const implementation: UntypedServiceImplementation = {};
  for (const [key, method] of Object.entries(definition.methods)) {
    const handler = handlers[key];
    if (!handler) continue;
    methods[key] = {
      path: `/${definition.fullName}/${method.name}`,
      requestStream: method.requestStream,
      responseStream: method.responseStream,
      requestSerialize: (message: unknown) => Buffer.from(method.requestType.encode(message).finish()),
      requestDeserialize: (bytes: Buffer) => method.requestType.decode(bytes),
      responseSerialize: (message: object) => {
        return Buffer.from(method.responseType.encode(method.responseType.fromPartial(message)).finish());
      },
      responseDeserialize: (bytes: Buffer) => method.responseType.decode(bytes),
    };
    implementation[key] =
      method.requestStream || method.responseStream
        ? (call: ServerDuplexStream<unknown, unknown> | ServerWritableStream<unknown, unknown>) =>
            (handler as (call: unknown) => void)(call)
        : unary(handler as Unary);
  }
  server.addService(methods as never, implementation);
}

function unary(handler: Unary): UntypedServiceImplementation[string] {
  const serve: handleUnaryCall<unknown, unknown> = async (call, callback) => {
    const abort = new AbortController();
    call.on('cancelled', () => abort.abort());
    try {
      callback(null, await handler(call.request as never, {metadata: call.metadata, signal: abort.signal}));
    } catch (error) {
      callback(error as ServiceError);
    }
  };
  return serve;
}

/** An error as containerd would send it. */
export function status(code: number, details: string): {code: number; details: string} {
  return {code, details};
}
