/** The task service over gRPC, on connections that the listener found to be HTTP/2. Loaded with the first of them. */

import {
  type handleUnaryCall,
  type Metadata,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type {MethodDefinition} from '@longshore/api';
import {callContext, type Logger} from '@longshore/base';
import {type AnyHandler, statusFromError} from '@longshore/ttrpc';
import {type TaskHandlers, taskDefinitions} from './task/service.ts';

/** Takes over a connected socket, of which `head` was read already. */
type TakeConnection = (fd: number, head: Uint8Array) => void;

let inject: TakeConnection | undefined;

/** One gRPC server serves all connections. */
export function grpcConnections(handlers: TaskHandlers, log: Logger): TakeConnection {
  inject ??= makeServer(handlers, log);
  return inject;
}

function makeServer(handlers: TaskHandlers, log: Logger): TakeConnection {
  const server = new Server({'grpc.max_receive_message_length': 16 * 1024 * 1024});
  for (const definition of taskDefinitions) {
    const service: Record<string, unknown> = {};
    const implementation: UntypedServiceImplementation = {};
    for (const [key, method] of Object.entries(definition.methods)) {
      service[key] = grpcMethod(definition.fullName, method);
      implementation[key] = unaryHandler(handlers[key as keyof TaskHandlers] as AnyHandler, log);
    }
    server.addService(service as ServiceDefinition, implementation);
  }
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  return async (fd, head) => {
    // Imported here: a static import of a built-in module would be loaded with the bundle, and this one is dear.
    const {Socket} = await import('node:net');
    const socket = new Socket({fd, readable: true, writable: true});
    socket.unshift(head);
    injector.injectConnection(socket);
  };
}

function grpcMethod(service: string, method: MethodDefinition) {
  return {
    path: `/${service}/${method.name}`,
    requestStream: method.requestStream,
    responseStream: method.responseStream,
    requestSerialize: (message: unknown) => Buffer.from(method.requestType.encode(message).finish()),
    requestDeserialize: (bytes: Buffer) => method.requestType.decode(bytes),
    responseSerialize: (message: unknown) => {
      return Buffer.from(method.responseType.encode(method.responseType.fromPartial(message as object)).finish());
    },
    responseDeserialize: (bytes: Buffer) => method.responseType.decode(bytes),
  };
}

function unaryHandler(handler: AnyHandler, log: Logger): handleUnaryCall<unknown, unknown> {
  return (call, callback) => {
    const abort = new AbortController();
    call.on('cancelled', () => abort.abort());
    const ctx = {
      ...callContext({namespace: firstValue(call.metadata, 'containerd-namespace'), signal: abort.signal, log}),
      metadata: new Map<string, string[]>(),
      deadline: undefined,
    };
    Promise.resolve(handler(ctx, call.request)).then(
      response => callback(null, response),
      error => {
        const {code, message} = statusFromError(error);
        callback({code, details: message});
      },
    );
  };
}

function firstValue(metadata: Metadata, key: string): string {
  return String(metadata.get(key)[0] ?? '');
}
