/** Transfers by containerd itself, with progress; by this client where containerd cannot. */
import {HTTPDebug} from '@longshore/api/gen/containerd/types/transfer/registry';
import {openStream, type TransferEnd, type TransferOptions, transfer} from '@longshore/containerd-client';
import {isErrorCode} from '@longshore/errdefs';
import type {Invocation} from '../command/command.ts';
import {credentialsOf, httpDebugOf} from '../registry-flags.ts';
import {progressDisplay} from './show-progress.ts';

/**
 * Runs the transfer, or `local` when `--local` asks for that or containerd is too old to know transfers (before 1.7):
 * then nothing has happened yet.
 */
export async function transferOr(
  invocation: Invocation,
  ends: () => Promise<Pick<TransferOptions, 'source' | 'destination'>>,
  local: () => Promise<void>,
): Promise<void> {
  const {ctx, client, flags} = invocation;
  if (flags.bool('local')) return await local();
  if (!(await knowsTransfers(invocation))) return await local();
  const display = progressDisplay(process.stdout);
  try {
    await transfer(ctx, client, {...(await ends()), onProgress: step => display.show(step)});
  } finally {
    display.finish();
  }
}

/** Containerd before 1.7 has no streams, which transfers need. */
async function knowsTransfers({ctx, client}: Invocation): Promise<boolean> {
  try {
    await using _stream = await openStream(ctx, client, 'probe');
    return true;
  } catch (error) {
    if (isErrorCode(error, 'unimplemented')) return false;
    throw error;
  }
}

/** The registry's end, by the registry flags. */
export async function registryEnd({flags}: Invocation, reference: string): Promise<TransferEnd> {
  const credentials = await credentialsOf(flags);
  const debug = httpDebugOf(flags);
  const kinds = {true: HTTPDebug.BOTH, false: debug?.dump ? HTTPDebug.DEBUG : HTTPDebug.TRACE};
  return {
    type: 'registry',
    reference,
    credentials: async () => credentials,
    resolver: {
      hostDir: flags.text('hosts-dir'),
      defaultScheme: flags.bool('plain-http') ? 'http' : '',
      ...(debug ? {httpDebug: kinds[`${debug.dump && debug.trace}`]} : {}),
    },
    ...(debug ? {log: debug.write} : {}),
  };
}
