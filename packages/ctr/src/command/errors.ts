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
