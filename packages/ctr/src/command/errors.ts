/** No command has that name. */
export class UnknownCommandError extends Error {
  constructor(word: string) {
    super(`No help topic for '${word}'`);
    this.name = 'UnknownCommandError';
  }
}

/** A command line that cannot be understood. */
export class UsageError extends Error {
  /** False when the help would not tell anything new. */
  readonly showHelp: boolean;

  constructor(message: string, showHelp = true) {
    super(message);
    this.name = 'UsageError';
    this.showHelp = showHelp;
  }
}

/** A command without the arguments that it needs shows its help, and that is no error. */
export class HelpWantedError extends Error {}
