import {type CallOptions as GrpcCallOptions, Metadata} from '@grpc/grpc-js';
import type {CallContext} from '@longshore/base';

export interface CallOptions {
  /** The server is told to give up after this long, and the call fails with `deadline-exceeded`. */
  timeoutMs?: number;
  /** Instead of the connection's own patience with a server that is not there; 0 asks once. */
  patienceMs?: number;
}

/** Headers that containerd reads: namespace, lease, trace. */
export function metadataOf(ctx: CallContext): Metadata {
  const metadata = new Metadata();
  if (ctx.namespace) {
    metadata.set('containerd-namespace', ctx.namespace);
    metadata.set('containerd-namespace-ttrpc', ctx.namespace);
  }
  if (ctx.lease) metadata.set('containerd-lease', ctx.lease);
  if (ctx.traceparent) metadata.set('traceparent', ctx.traceparent);
  return metadata;
}

export function grpcOptions(options: CallOptions | undefined): GrpcCallOptions {
  return options?.timeoutMs === undefined ? {} : {deadline: Date.now() + options.timeoutMs};
}

/** Cancels `call` when the signal aborts; call the result when the call has ended. */
export function cancelOnAbort(ctx: CallContext, call: {cancel(): void}): () => void {
  const cancel = () => call.cancel();
  ctx.signal.addEventListener('abort', cancel, {once: true});
  return () => ctx.signal.removeEventListener('abort', cancel);
}
