/** The task service over gRPC, on connections that the listener found to be HTTP/2. Loaded with the first of them. */

import type {Socket} from 'node:net';
import type {Duplex} from 'node:stream';
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

let inject: ((socket: Socket, head: Buffer) => void) | undefined;

/** One gRPC server serves all connections. */
export function grpcConnections(handlers: TaskHandlers, log: Logger): (socket: Socket, head: Buffer) => void {
  inject ??= makeServer(handlers, log);
  return inject;
}

function makeServer(handlers: TaskHandlers, log: Logger): (socket: Socket, head: Buffer) => void {
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
  return (socket, head) => injector.injectConnection(withHead(socket, head));
}

/** The socket as it was before its first bytes were read. */
function withHead(socket: Socket, head: Buffer): Duplex {
  socket.unshift(head);
  return socket;
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
