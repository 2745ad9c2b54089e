/** ttrpc, the RPC between containerd and its shims: client and server over unix sockets. */

export type {ByteStream} from './byte-stream.ts';
export type {TtrpcClientOptions} from './client.ts';
export {TtrpcClient} from './client.ts';
export type {DialOptions} from './dial.ts';
export {dial} from './dial.ts';
export type {Frame} from './frame.ts';
export {encodeFrame, Flag, FrameReader, FrameType, headerLength, maxPayloadLength} from './frame.ts';
export type {Metadata} from './metadata.ts';
export {namespaceKey} from './metadata.ts';
export type {TtrpcServerOptions} from './server.ts';
export {TtrpcServer} from './server.ts';
export type {AnyHandler, CallOptions, ServerCallContext, ServiceClient, ServiceHandlers} from './service-types.ts';
export {socketPath} from './socket-path.ts';
export {statusFromError} from './status.ts';
