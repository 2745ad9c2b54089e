/** What `start` reads and prints. Each generation of containerd has its own form. */
import {BootstrapParams, BootstrapResult} from '@longshore/api/gen/containerd/runtime/bootstrap/v1/bootstrap';
import type {Options} from '@longshore/api/gen/containerd/types/runc/options/oci';
import {Any} from '@longshore/api/gen/google/protobuf/any';
import {EngineError} from '@longshore/errdefs';
import type {ShimEnvironment} from './environment.ts';
import type {Flags} from './flags.ts';
import {runtimeOptions} from './task/convert.ts';

export interface Bootstrap {
  /** Of the task service: 3 for containerd.task.v3. The shim serves version 2 as well. */
  version: number;
  address: string;
  protocol: string;
}

export interface StartInput {
  options: Options;
  /** Where containerd 2.3 and later want the socket; empty for the default. */
  socketDirectory: string;
  /** True when the input was BootstrapParams, so that the output is BootstrapResult. */
  bootstrap: boolean;
}

/**
 * Up to containerd 2.2 the input is an Any with the runtime's options, or nothing; later ones send BootstrapParams.
 * Both begin with a string field: in the latter it is the id, which no type URL equals.
 */
export function parseStartInput(bytes: Uint8Array, flags: Flags): StartInput {
  const first = bytes.length === 0 ? undefined : Any.decode(bytes);
  if (!first) return {options: runtimeOptions(undefined), socketDirectory: '', bootstrap: false};
  if (!isBootstrap(bytes, first)) return {options: runtimeOptions(first), socketDirectory: '', bootstrap: false};
  const params = BootstrapParams.decode(bytes);
  if (params.instanceId !== flags.id || params.namespace !== flags.namespace) {
    throw new EngineError('invalid-argument', 'bootstrap parameters are for another shim than the flags');
  }
  const extensions = params.extensions.map(extension => extension.value);
  const options = extensions.find(any => any?.typeUrl.endsWith('containerd.runc.v1.Options'));
  return {options: runtimeOptions(options), socketDirectory: params.socketDir ?? '', bootstrap: true};
}

/** An Any has no third field; every set of parameters has at least containerd's addresses. */
function isBootstrap(bytes: Uint8Array, any: Any): boolean {
  return !any.typeUrl.includes('.') || BootstrapParams.decode(bytes).containerdTtrpcAddress !== '';
}

/** containerd 1.6 (which sends no MAX_SHIM_VERSION) takes a plain address only; no newline at the end of either. */
export function startOutput(bootstrap: Bootstrap, input: StartInput, env: ShimEnvironment): string | Uint8Array {
  if (input.bootstrap) return BootstrapResult.encode({...bootstrap, capabilities: [], metadata: {}}).finish();
  return env.maxShimVersion === undefined ? bootstrap.address : JSON.stringify(bootstrap);
}
