/** Which of the shim's lives this process is. Each is imported only when it is wanted: a shim's memory counts. */
import {writeSync} from 'node:fs';
import {containerdVersion, gitCommit, shimDirectStartMarker} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {readEnvironment} from './environment.ts';
import type {Flags} from './flags.ts';

/** Returns when the action is done; for the serving shim, when it serves. */
export async function run(flags: Flags, action: string, variables: NodeJS.ProcessEnv): Promise<void> {
  if (flags.v) return writeVersion();
  if (flags.info) {
    const {writeInfo} = await import('./info.ts');
    return writeInfo();
  }
  if (flags.namespace === '') throw new EngineError('invalid-argument', 'shim namespace cannot be empty');
  if (flags.id === '') throw new EngineError('invalid-argument', 'shim id cannot be empty');
  if (flags.debugSocket !== '') throw new EngineError('unimplemented', 'a debug socket is not implemented');
  const environment = readEnvironment(variables);
  switch (action) {
    case 'start':
      return (await import('./start.ts')).start(flags, environment);
    case 'delete':
      return (await import('./delete.ts')).deleteLeftovers(flags, environment);
    case '':
      return (await import('./daemon.ts')).startDaemon(flags, environment);
    default:
      throw new EngineError('invalid-argument', `unknown action "${action}"`);
  }
}

/** The marker tells our containerd, which looks for it in the file, that this shim takes its socket as descriptor 3. */
function writeVersion(): void {
  const lines = [
    'containerd-shim-runc-v2:',
    `  Version:  ${containerdVersion}`,
    `  Revision: ${gitCommit}`,
    `  Protocol: ${shimDirectStartMarker}`,
    '',
  ];
  writeSync(1, `${lines.join('\n')}\n`);
}
