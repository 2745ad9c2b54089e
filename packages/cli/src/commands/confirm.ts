/** Asks before something is deleted. */
import type {Cli} from '../cli.ts';
import {CliError} from '../command/errors.ts';
import {ask} from '../streams/ask.ts';

/** Resolves when the user says yes; throws CliError when not. The end of input is a no. */
export async function confirm(cli: Cli, warning: string): Promise<void> {
  const answer = await ask(cli, `${warning}\nAre you sure you want to continue? [y/N] `);
  if (!/^(y|yes)$/i.test(answer)) throw new CliError('');
}
