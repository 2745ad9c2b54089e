/** The exit code of a container, asked for before it can have ended. */
import type {ContainerWaitResponse} from '@longshore/api/engine';
import type {Cli} from '../cli.ts';

/** What is reported when the engine cannot say. */
const unknownExitCode = 125;

/**
 * Resolves when the engine is watching; `code` resolves with the exit code. `isRemoved` says what to wait for: the
 * removal of the container, its next exit, or (undefined) its not running.
 */
export async function waitForExit(
  cli: Cli,
  id: string,
  isRemoved: boolean | undefined,
): Promise<{code(): Promise<number>}> {
  const condition = isRemoved === undefined ? undefined : isRemoved ? 'removed' : 'next-exit';
  const response = await cli.client.request('POST', `/containers/${id}/wait`, {query: {condition}});
  return {
    code: async () => {
      let reason: string | undefined;
      try {
        const {StatusCode, Error: failure} = JSON.parse(await response.text()) as ContainerWaitResponse;
        if (!failure?.Message) return StatusCode;
        reason = failure.Message;
      } catch (error) {
        reason = (error as Error).message; // the engine went away
      }
      cli.warn(`Error waiting for container: ${reason}`);
      return unknownExitCode;
    },
  };
}
