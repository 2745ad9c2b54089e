/** `-info`: what this shim and its runtime can do, for `ctr plugins inspect-runtime` and dockerd's /info. */
import {readFileSync, writeSync} from 'node:fs';
import {RuntimeInfo} from '@longshore/api/gen/containerd/types/introspection';
import {Any} from '@longshore/api/gen/google/protobuf/any';
import {jsonTypeUrl} from '@longshore/api/type-urls';
import {containerdVersion, gitCommit} from '@longshore/base';
import {runtimeOptions} from './task/convert.ts';

/** Reads an Any with the runtime's options from standard input, which may be empty. */
export async function writeInfo(): Promise<void> {
  const {execFileSync} = await import('node:child_process');
  const bytes = readFileSync(0);
  const options = bytes.length === 0 ? undefined : Any.decode(bytes);
  const binary = runtimeOptions(options).binaryName || 'runc';
  const features = execFileSync(binary, ['features'], {stdio: ['ignore', 'pipe', 'inherit']});
  const info: RuntimeInfo = {
    name: 'io.containerd.runc.v2',
    version: {version: containerdVersion, revision: gitCommit},
    options,
    features: {typeUrl: jsonTypeUrl.features, value: features},
    annotations: {},
  };
  writeSync(1, RuntimeInfo.encode(info).finish());
}
