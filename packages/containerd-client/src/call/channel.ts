import {Client, credentials} from '@grpc/grpc-js';

/** containerd's limit for one message in either direction. */
const maxMessageBytes = 16 << 20;

/** One HTTP/2 connection to containerd, made when it is first used and made again when it breaks. */
export interface Channel extends Disposable {
  readonly address: string;
  readonly client: Client;
  /** For how long a call that finds nobody at the address tries again, in milliseconds. */
  readonly patienceMs: number;
}

export interface ChannelOptions {
  /** Bytes in flight; grpc-js chooses without it. */
  windowBytes?: number;
  /** 0 without it: a call that finds nobody fails at once. */
  patienceMs?: number | undefined;
}

/** `address` is a socket path, with or without `unix://` before it. */
export function openChannel(address: string, {windowBytes, patienceMs = 0}: ChannelOptions = {}): Channel {
  const path = socketPath(address);
  const client = new Client(`unix:${path}`, credentials.createInsecure(), {
    'grpc.max_receive_message_length': maxMessageBytes,
    'grpc.max_send_message_length': maxMessageBytes,
    'grpc.initial_reconnect_backoff_ms': 20,
    'grpc.min_reconnect_backoff_ms': 20,
    'grpc.max_reconnect_backoff_ms': 500,
    // Channels of one process would share a connection otherwise, and one slow reader would hold up the others.
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_http_proxy': 0,
    'grpc.service_config_disable_resolution': 1,
    ...(windowBytes === undefined ? {} : {'grpc-node.flow_control_window': windowBytes}),
  });
  return {address: path, client, patienceMs, [Symbol.dispose]: () => client.close()};
}

function socketPath(address: string): string {
  return address.replace(/^unix:(\/\/)?/, '');
}
