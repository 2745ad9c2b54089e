/** google.protobuf.Any values: protobuf messages under their bare name, and JSON under `types.containerd.io/`. */
import type {MessageType} from '@longshore/api';
import {EngineError} from '@longshore/errdefs';

export interface Any {
  typeUrl: string;
  value: Buffer;
}

/** `packAny('containerd.runc.v1.Options', Options, options)` */
export function packAny<T>(typeUrl: string, type: MessageType<T>, message: T): Any {
  return {typeUrl, value: Buffer.from(type.encode(message).finish())};
}

/** `packJson(jsonTypeUrl.spec, spec)` */
export function packJson(typeUrl: string, value: unknown): Any {
  return {typeUrl, value: Buffer.from(JSON.stringify(value))};
}

/** Decodes a protobuf Any; undefined when it holds another type. A domain before the last slash is accepted. */
export function unpackAny<T>(
  any: {typeUrl: string; value: Uint8Array} | undefined,
  typeUrl: string,
  type: MessageType<T>,
): T | undefined {
  if (!any || bareName(any.typeUrl) !== typeUrl) return undefined;
  try {
    return type.decode(any.value);
  } catch (error) {
    throw new EngineError('invalid-argument', `cannot decode value of type "${typeUrl}"`, {cause: error});
  }
}

/** Parses a JSON Any of whatever type; undefined when there is none. The caller checks what it got. */
export function unpackJson(any: Any | undefined): unknown {
  if (!any || any.value.length === 0) return undefined;
  try {
    return JSON.parse(any.value.toString('utf8'));
  } catch (error) {
    throw new EngineError('invalid-argument', `value of type "${any.typeUrl}" is not JSON`, {cause: error});
  }
}

function bareName(typeUrl: string): string {
  return typeUrl.slice(typeUrl.lastIndexOf('/') + 1);
}
