/** What a failed start means: Docker reads it from the runtime's words. */
import {codeOf, EngineError, type ErrorCode, messageOf} from '@longshore/errdefs';

/** Exit code of a container that the daemon could not start for reasons of its own. */
const unknownExitCode = 128;

export class StartError extends EngineError {
  /** For the container's state: 126, 127 or 128. */
  readonly exitCode: number;

  constructor(code: ErrorCode, message: string, exitCode: number, cause: unknown) {
    super(code, message, {cause});
    this.exitCode = exitCode;
  }
}

const mountHint =
  ': Are you trying to mount a directory onto a file (or vice-versa)? Check if the specified host path exists and is the expected type';

/** An error of the runtime, from create, start or exec: the command that was asked for may be the reason. */
export function translateRuntimeError(error: unknown): StartError {
  const message = messageOf(error);
  const has = (text: string) => message.toLowerCase().includes(text);
  const notFound = [
    'executable file not found',
    'no such file or directory',
    'system cannot find the file specified',
    'failed to run runc create/exec call',
  ];
  if (has('is a directory')) return new StartError('invalid-argument', `${message}: permission denied`, 126, error);
  if (has('permission denied')) return new StartError('invalid-argument', message, 126, error);
  if (has('not a directory')) return new StartError('invalid-argument', `${message}${mountHint}`, 127, error);
  if (notFound.some(has)) return new StartError('invalid-argument', message, 127, error);
  return new StartError('unknown', message, unknownExitCode, error);
}

/** Any error of a start; those of the daemon keep their code. */
export function asStartError(error: unknown): StartError {
  return error instanceof StartError ? error : new StartError(codeOf(error), messageOf(error), unknownExitCode, error);
}
