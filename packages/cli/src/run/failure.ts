/** How `run` and `create` fail: exit codes as a shell has them for a command that could not be started. */
import {CliError, ExitStatus, UsageError} from '../command/errors.ts';

/** The engine or this client could not do it. */
const clientFailure = 125;
const notExecutable = 126;
const notFound = 127;

/** `docker: …` with a hint; a text about the command itself gives 126 or 127. */
export function runFailure(name: string, error: unknown): Error {
  if (error instanceof ExitStatus || error instanceof UsageError || !(error instanceof Error)) return error as Error;
  return new CliError(`docker: ${error.message}\n\nRun '${name} --help' for more information`, clientFailure, {
    cause: error,
  });
}

/** The same for a container that was made but did not start. */
export function startFailure(name: string, error: unknown): Error {
  const failure = runFailure(name, error);
  if (!(failure instanceof CliError) || failure === error) return failure;
  return new CliError(failure.message, startExitCode((error as Error).message), {cause: error});
}

function startExitCode(message: string): number {
  const text = message.toLowerCase();
  if (text.includes('executable file not found') || text.includes('no such file or directory')) return notFound;
  if (text.includes('permission denied') || text.includes('is a directory')) return notExecutable;
  return clientFailure;
}
