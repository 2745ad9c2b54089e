/** Messages that are mostly one field of bytes, which need not be copied to be written. */
import {Buffer} from 'node:buffer';
import type {MessageType} from '@longshore/api';

/** By path of the method: the name and number of the field in its responses. */
const bulkFields = new Map([
  ['containerd.services.content.v1.Content/Read', {name: 'data', number: 2}],
  ['containerd.services.streaming.v1.Streaming/Stream', {name: 'value', number: 2}],
]);

/** The message as protobuf, in parts that belong one after another. */
export type Encoder<T> = (message: T) => Uint8Array[];

export function encoderOf<T>(method: string, type: MessageType<T>): Encoder<T> {
  const field = bulkFields.get(method);
  if (!field) return message => [type.encode(message).finish()];
  return message => {
    const bytes = (message as Record<string, Uint8Array>)[field.name] as Uint8Array;
    const rest = type.encode({...message, [field.name]: new Uint8Array()}).finish();
    if (bytes.length === 0) return [rest];
    // Fields may come in any order.
    return [rest, Buffer.from([(field.number << 3) | 2, ...varint(bytes.length)]), bytes];
  };
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (; value >= 0x80; value = Math.floor(value / 128)) bytes.push((value % 128) | 0x80);
  return [...bytes, value];
}
