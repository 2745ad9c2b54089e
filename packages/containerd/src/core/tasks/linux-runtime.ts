/**
 * The runtime io.containerd.runtime.v1.linux of containerd 1.x, which clients and containers of old may still name: its
 * tasks run in io.containerd.runc.v2, with its options translated.
 */
import {CreateOptions, RuncOptions} from '@longshore/api/gen/containerd/linux/runc/runc';
import {Options} from '@longshore/api/gen/containerd/types/runc/options/oci';
import {protobufTypeUrl} from '@longshore/api/type-urls';
import type {TypedValue} from '../metadata/records.ts';

const linuxRuntime = 'io.containerd.runtime.v1.linux';

export interface Runtime {
  readonly name: string;
  readonly options?: TypedValue | undefined;
}

/**
 * The runtime to start a task with. `requested` are the options of the task, which come in the place of the
 * container's; with the old runtime they were two messages that added up.
 */
export function effectiveRuntime(container: Runtime, requested: TypedValue | undefined): Runtime {
  if (container.name !== linuxRuntime) return {name: container.name, options: requested ?? container.options};
  const runc = container.options && isMessage(container.options, protobufTypeUrl.linuxRuncOptions);
  const create = requested && isMessage(requested, protobufTypeUrl.linuxCreateOptions);
  const isKnown = (!container.options || runc) && (!requested || create);
  if (!isKnown) return {name: 'io.containerd.runc.v2', options: requested ?? container.options};
  const options = Options.fromPartial({
    ...(create && fromCreateOptions(CreateOptions.decode(requested.value))),
    ...(runc && container.options && fromRuncOptions(RuncOptions.decode(container.options.value))),
  });
  const typeUrl = protobufTypeUrl.runcOptions;
  return {name: 'io.containerd.runc.v2', options: {typeUrl, value: Options.encode(options).finish()}};
}

function fromRuncOptions({runtime, runtimeRoot, criuPath, systemdCgroup}: RuncOptions): Partial<Options> {
  return {binaryName: runtime, root: runtimeRoot, criuPath, systemdCgroup};
}

function fromCreateOptions(options: CreateOptions): Partial<Options> {
  const {noPivotRoot, noNewKeyring, shimCgroup, ioUid, ioGid, criuWorkPath, criuImagePath} = options;
  return {noPivotRoot, noNewKeyring, shimCgroup, ioUid, ioGid, criuWorkPath, criuImagePath};
}

/** A type URL may have a domain before its last slash. */
function isMessage({typeUrl}: TypedValue, name: string): boolean {
  return typeUrl.slice(typeUrl.lastIndexOf('/') + 1) === name;
}
