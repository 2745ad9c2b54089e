/** Metadata of a call: lower-case keys, each with one or more values. containerd uses it for the namespace. */
import type {KeyValue} from '@longshore/api/gen/ttrpc/request';
import type {CallContext} from '@longshore/base';

export type Metadata = ReadonlyMap<string, readonly string[]>;

/** Where containerd and its shims put the namespace (gRPC uses `containerd-namespace`). */
export const namespaceKey = 'containerd-namespace-ttrpc';
const traceKey = 'traceparent';

export function metadataFromWire(pairs: readonly KeyValue[]): Metadata {
  const metadata = new Map<string, string[]>();
  for (const {key, value} of pairs) {
    const name = key.toLowerCase();
    const values = metadata.get(name);
    if (values) values.push(value);
    else metadata.set(name, [value]);
  }
  return metadata;
}

export function firstValue(metadata: Metadata, key: string): string {
  return metadata.get(key)?.[0] ?? '';
}

/** What travels with a call made in this context, and the caller's own pairs. */
export function metadataToWire(ctx: CallContext, own: Readonly<Record<string, string>> | undefined): KeyValue[] {
  const pairs: KeyValue[] = [];
  if (ctx.namespace !== '') pairs.push({key: namespaceKey, value: ctx.namespace});
  if (ctx.traceparent !== '') pairs.push({key: traceKey, value: ctx.traceparent});
  for (const [key, value] of Object.entries(own ?? {})) pairs.push({key: key.toLowerCase(), value});
  return pairs;
}

export function traceparentOf(metadata: Metadata): string {
  return firstValue(metadata, traceKey);
}
