import type {MessageType} from '@longshore/api';

/** The bytes of a message as a Buffer: grpc-js calls `copy` on it, which a plain Uint8Array does not have. */
export function serialize<Message>(type: MessageType<Message>, message: Message): Buffer {
  const bytes = type.encode(message).finish();
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
