/** Shims that speak gRPC instead of ttrpc. Loaded only when one appears. */
import {Client, connectivityState, credentials, Metadata, type ServiceError, status} from '@grpc/grpc-js';
import type {MethodDefinition, ServiceDefinition} from '@longshore/api';
import {TaskDefinition} from '@longshore/api/gen/containerd/runtime/task/v3/shim';
import type {CallContext} from '@longshore/base';
import {EngineError, grpcStatusToCode} from '@longshore/errdefs';
import {type CallOptions, type ServiceClient, socketPath} from '@longshore/ttrpc';
import {type TaskTransport, taskServiceV2} from './task-connection.ts';

export async function connectGrpc(address: string, timeoutMs: number, onClose: () => void): Promise<TaskTransport> {
  const client = new Client(`unix:${socketPath(address)}`, credentials.createInsecure());
  await ready(client, address, timeoutMs);
  watchClose(client, onClose);
  return {
    client: version => serviceClient(client, version === 2 ? taskServiceV2 : TaskDefinition),
    service: definition => serviceClient(client, definition),
    close: () => client.close(),
  };
}

async function ready(client: Client, address: string, timeoutMs: number): Promise<void> {
  const {promise, resolve, reject} = Promise.withResolvers<void>();
  client.waitForReady(Date.now() + timeoutMs, error => (error ? reject(error) : resolve()));
  try {
    await promise;
  } catch (error) {
    client.close();
    throw new EngineError('unavailable', `cannot connect to "${address}"`, {cause: error});
  }
}

/** A shim listens for as long as it lives: the first loss of the connection is its end. */
function watchClose(client: Client, onClose: () => void): void {
  const channel = client.getChannel();
  const watch = () => {
    if (channel.getConnectivityState(false) !== connectivityState.READY) {
      client.close();
      onClose();
      return;
    }
    channel.watchConnectivityState(connectivityState.READY, Number.POSITIVE_INFINITY, watch);
  };
  watch();
}

/** All services of shims are unary. */
function serviceClient<S extends ServiceDefinition>(client: Client, {fullName, methods}: S): ServiceClient<S> {
  const calls: Record<string, unknown> = {};
  for (const [key, method] of Object.entries(methods)) {
    calls[key] = (ctx: CallContext, request: object, options: CallOptions = {}) =>
      callUnary(client, `/${fullName}/${method.name}`, method as MethodDefinition, ctx, request, options);
  }
  return calls as unknown as ServiceClient<S>;
}

async function callUnary(
  client: Client,
  path: string,
  method: MethodDefinition,
  ctx: CallContext,
  request: object,
  {timeoutMs}: CallOptions,
): Promise<unknown> {
  ctx.signal.throwIfAborted();
  const metadata = new Metadata();
  metadata.set('containerd-namespace', ctx.namespace);
  const {promise, resolve, reject} = Promise.withResolvers<unknown>();
  const call = client.makeUnaryRequest(
    path,
    (message: object) => Buffer.from(method.requestType.encode(method.requestType.fromPartial(message)).finish()),
    bytes => method.responseType.decode(bytes),
    request,
    metadata,
    timeoutMs ? {deadline: Date.now() + timeoutMs} : {},
    (error: ServiceError | null, response) => {
      if (error) reject(callError(error, ctx.signal));
      else resolve(response);
    },
  );
  const cancel = () => call.cancel();
  ctx.signal.addEventListener('abort', cancel, {once: true});
  try {
    return await promise;
  } finally {
    ctx.signal.removeEventListener('abort', cancel);
  }
}

/** A call that was cancelled, but not by us, was cut by the end of the shim. */
function callError(error: ServiceError, signal: AbortSignal): unknown {
  if (error.code !== status.CANCELLED) {
    return new EngineError(grpcStatusToCode(error.code, error.details), error.details, {cause: error});
  }
  return signal.aborted
    ? signal.reason
    : new EngineError('unavailable', 'connection to the shim is closed', {cause: error});
}
