/** How a command ends badly: a text for standard error and an exit code. */

/** An error whose text goes to standard error exactly as it is. */
export class CliError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode = 1, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CliError';
    this.exitCode = exitCode;
  }
}

/** A command line that cannot be: shown with the usage line of the command. */
export class UsageError extends CliError {
  /** `See` or `Run`, as Docker words the hint of each kind of usage error. */
  readonly hint: 'See' | 'Run';

  constructor(message: string, exitCode: number, hint: 'See' | 'Run' = 'Run') {
    super(message, exitCode);
    this.name = 'UsageError';
    this.hint = hint;
  }
}

/** Ends the process with this code and says nothing: what was to be said has been said. */
export class ExitStatus extends Error {
  readonly exitCode: number;

  constructor(exitCode: number) {
    super(`exit status ${exitCode}`);
    this.name = 'ExitStatus';
    this.exitCode = exitCode;
  }
}
