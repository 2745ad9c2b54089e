/**
 * The shapes that all generated messages and services share. Code that serves or calls any service (gRPC, ttrpc) is
 * written against these; code that uses one message imports it from `@longshore/api/gen/...`.
 */
import type {BinaryReader, BinaryWriter} from '@bufbuild/protobuf/wire';

type Leaf = Date | ((...args: never[]) => unknown) | Uint8Array | string | number | boolean | bigint | undefined;

/** What `fromPartial` takes: every field optional at any depth, and 64-bit integers also as number or decimal string. */
export type DeepPartial<T> = T extends bigint
  ? string | number | bigint
  : T extends Leaf
    ? T
    : T extends Array<infer U>
      ? Array<DeepPartial<U>>
      : T extends ReadonlyArray<infer U>
        ? ReadonlyArray<DeepPartial<U>>
        : {[K in keyof T]?: DeepPartial<T[K]>};

/** A generated message: an interface `T` and this object of the same name. */
export interface MessageType<T> {
  /** Call `.finish()` on the result for the bytes. */
  encode(message: T, writer?: BinaryWriter): BinaryWriter;
  /** Fields that are not on the wire get their proto3 default; unknown fields are dropped. Throws on malformed input. */
  decode(input: BinaryReader | Uint8Array, length?: number): T;
  fromPartial(object: DeepPartial<T>): T;
}

/** One method of a generated service. `name` is the name on the wire ("Create"). */
export interface MethodDefinition<Request = unknown, Response = unknown> {
  readonly name: string;
  readonly requestType: MessageType<Request>;
  readonly requestStream: boolean;
  readonly responseType: MessageType<Response>;
  readonly responseStream: boolean;
}

/** A generated service. The gRPC path of a method is `/${fullName}/${method.name}`; ttrpc sends the two apart. */
export interface ServiceDefinition {
  readonly name: string;
  readonly fullName: string;
  readonly methods: {readonly [key: string]: MethodDefinition};
}

/** The message interface of a generated message object: `MessageOf<typeof Mount>` is `Mount`. */
export type MessageOf<M> = M extends {decode(input: Uint8Array): infer T} ? T : never;

/** The request message of a method: `RequestOf<TasksDefinition['methods']['create']>`. */
export type RequestOf<M extends MethodDefinition> = MessageOf<M['requestType']>;

/** The response message of a method. */
export type ResponseOf<M extends MethodDefinition> = MessageOf<M['responseType']>;
