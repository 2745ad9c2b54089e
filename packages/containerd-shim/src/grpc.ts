/** The services over gRPC, on connections that the listener found to be HTTP/2. Loaded with the first of them. */

import type {EventEmitter} from 'node:events';
import type {Socket} from 'node:net';
import {Duplex} from 'node:stream';
import {
  type handleBidiStreamingCall,
  type handleUnaryCall,
  type Metadata,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type {MethodDefinition} from '@longshore/api';
import {callContext, type Logger} from '@longshore/base';
import {type ServerCallContext, statusFromError} from '@longshore/ttrpc';
import type {StreamHandler, UnaryHandler} from './handlers.ts';
import type {Service} from './listener.ts';
import type {UnixStream} from './unix-stream.ts';

/** Takes over a connection, of which `head` was read already. */
type TakeConnection = (stream: UnixStream, head: Uint8Array) => void;

let inject: TakeConnection | undefined;

/** One gRPC server serves all connections. */
export function grpcConnections(services: readonly Service[], log: Logger): TakeConnection {
  inject ??= makeServer(services, log);
  return inject;
}

function makeServer(services: readonly Service[], log: Logger): TakeConnection {
  const server = new Server({'grpc.max_receive_message_length': 16 * 1024 * 1024});
  for (const {definition, handlers} of services) {
    const service: Record<string, unknown> = {};
    const implementation: UntypedServiceImplementation = {};
    for (const [key, method] of Object.entries(definition.methods)) {
      service[key] = grpcMethod(definition.fullName, method);
      implementation[key] = method.requestStream
        ? streamHandler(handlers[key] as StreamHandler, log)
        : unaryHandler(handlers[key] as UnaryHandler, log);
    }
    server.addService(service as ServiceDefinition, implementation);
  }
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  return (stream, head) => injector.injectConnection(duplexOf(stream, head) as Socket);
}

/** The HTTP/2 code wants one of Node's streams (a `net.Socket` of the descriptor does not work under Bun). */
function duplexOf(stream: UnixStream, head: Uint8Array): Duplex {
  const duplex = new Duplex({
    read: () => stream.resume(),
    write: (chunk, _encoding, done) => {
      stream.write(chunk);
      if (stream.writableNeedDrain) drained = done;
      else done();
    },
    // A server that has said its last word is done: HTTP/2 knows no half-closed connection.
    final: done => {
      stream.end(() => stream.destroy());
      done();
    },
    destroy: (error, done) => {
      stream.destroy();
      done(error);
    },
  });
  let drained: (() => void) | undefined;
  stream.on('drain', () => {
    const done = drained;
    drained = undefined;
    done?.();
  });
  stream.on('data', chunk => {
    if (!duplex.push(chunk)) stream.pause();
  });
  stream.on('close', () => duplex.destroy());
  duplex.push(head);
  return duplex;
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

function unaryHandler(handler: UnaryHandler, log: Logger): handleUnaryCall<unknown, unknown> {
  return (call, callback) => {
    Promise.resolve(handler(contextOf(call, log), call.request)).then(
      response => callback(null, response),
      error => {
        const {code, message} = statusFromError(error);
        callback({code, details: message});
      },
    );
  };
}

function streamHandler(handler: StreamHandler, log: Logger): handleBidiStreamingCall<unknown, unknown> {
  return call => {
    const send = async () => {
      for await (const message of handler(contextOf(call, log), call)) {
        if (!call.write(message)) await roomOrEnd(call);
      }
      call.end();
    };
    send().catch(error => {
      const {code, message} = statusFromError(error);
      call.emit('error', Object.assign(new Error(message), {code, details: message}));
    });
  };
}

/** Waits until more can be sent, or the client is gone. */
function roomOrEnd(call: EventEmitter): Promise<void> {
  const {promise, resolve} = Promise.withResolvers<void>();
  const events = ['drain', 'cancelled'];
  for (const event of events) call.once(event, resolve);
  return promise.finally(() => {
    for (const event of events) call.off(event, resolve);
  });
}

function contextOf(call: EventEmitter & {metadata: Metadata}, log: Logger): ServerCallContext {
  const abort = new AbortController();
  call.on('cancelled', () => abort.abort());
  return {
    ...callContext({namespace: firstValue(call.metadata, 'containerd-namespace'), signal: abort.signal, log}),
    metadata: new Map<string, string[]>(),
    deadline: undefined,
  };
}

function firstValue(metadata: Metadata, key: string): string {
  return String(metadata.get(key)[0] ?? '');
}
