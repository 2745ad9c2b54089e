/** google.protobuf.Any at the edge. */
import type {MessageType} from '@longshore/api';
import type {Any} from '@longshore/api/gen/google/protobuf/any';
import {EngineError} from '@longshore/errdefs';

/** The name of the message without the domain that some clients put before it. */
export function typeName(any: {typeUrl: string}): string {
  return any.typeUrl.slice(any.typeUrl.lastIndexOf('/') + 1);
}

/** Throws invalid-argument for another type, and for what cannot be decoded. */
export function decodeAny<T>(any: {typeUrl: string; value: Uint8Array}, name: string, type: MessageType<T>): T {
  if (typeName(any) !== name) {
    throw new EngineError('invalid-argument', `got a "${any.typeUrl}" instead of a "${name}": invalid argument`);
  }
  try {
    return type.decode(any.value);
  } catch (error) {
    throw new EngineError('invalid-argument', `cannot decode "${name}": invalid argument`, {cause: error});
  }
}

export function encodeAny<T>(name: string, type: MessageType<T>, message: T): Any {
  const bytes = type.encode(message).finish();
  return {typeUrl: name, value: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)};
}
