/** Wire types that several services share, to and from the core's. */

import type {Descriptor as WireDescriptor} from '@longshore/api/gen/containerd/types/descriptor';
import type {Any} from '@longshore/api/gen/google/protobuf/any';
import type {Descriptor, TypedValue} from '../core/metadata/records.ts';

export function anyToWire(value: TypedValue | undefined): Any | undefined {
  return value && {typeUrl: value.typeUrl, value: Buffer.from(value.value)};
}

export function anyMapToWire(map: {readonly [name: string]: TypedValue}): {[name: string]: Any} {
  return Object.fromEntries(Object.entries(map).map(([name, value]) => [name, anyToWire(value) as Any]));
}

/** An Any without type is how some clients say "none". */
export function anyFromWire(value: Any | undefined): TypedValue | undefined {
  return value && (value.typeUrl !== '' || value.value.length > 0) ? value : undefined;
}

export function descriptorFromWire(value: WireDescriptor | undefined): Descriptor {
  return {
    mediaType: value?.mediaType ?? '',
    digest: value?.digest ?? '',
    size: Number(value?.size ?? 0n),
    annotations: value?.annotations ?? {},
  };
}

export function descriptorToWire({mediaType, digest, size, annotations}: Descriptor): WireDescriptor {
  return {mediaType, digest, size: BigInt(size), annotations: {...annotations}};
}
