import {Any} from '@longshore/api/gen/google/protobuf/any';
import type {TypedValue} from '../../core/metadata/records.ts';
import {anyOf} from './convert.ts';
import {runAction} from './run-action.ts';

/** Nothing that a shim prints about itself takes longer, in milliseconds. */
const infoTimeoutMs = 10_000;

/** `shim -info`: options in, an encoded containerd.types.RuntimeInfo out. */
export async function readRuntimeInfo(shim: string, options: TypedValue | undefined): Promise<TypedValue> {
  const any = anyOf(options);
  const {stdout} = await runAction({
    path: shim,
    args: ['-info'],
    cwd: '/',
    env: process.env,
    stdin: any ? Any.encode(any).finish() : new Uint8Array(),
    timeoutMs: infoTimeoutMs,
  });
  return {typeUrl: 'containerd.types.RuntimeInfo', value: stdout};
}
