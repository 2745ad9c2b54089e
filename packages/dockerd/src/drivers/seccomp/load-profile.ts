import {readFile} from 'node:fs/promises';
import {EngineError, messageOf} from '@longshore/errdefs';
import {defaultSeccompProfile, parseSeccompProfile, type SeccompProfile} from '@longshore/oci';
import type {HostFacts} from '../../core/system/host-facts.ts';

/** The profile of `--seccomp-profile`: `builtin`, `unconfined` (undefined) or a file. Throws what is wrong with it. */
export async function loadSeccompProfile(choice: string, {seccomp}: HostFacts): Promise<SeccompProfile | undefined> {
  if (!seccomp || choice === 'unconfined') return undefined;
  if (choice === '' || choice === 'builtin') return defaultSeccompProfile;
  try {
    return parseSeccompProfile(await readFile(choice, 'utf8'));
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    const why = missing ? `open ${choice}: no such file or directory` : messageOf(error);
    throw new EngineError('invalid-argument', `opening seccomp profile (${choice}) failed: ${why}`, {cause: error});
  }
}
