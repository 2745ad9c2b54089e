/** One operation on each of several names, side by side, reported in the order they were given. */
import {CliError} from '../command/errors.ts';

/** As many requests as Docker has under way at once. */
const parallel = 50;

export interface EachOptions<T> {
  /** Called in order, as soon as it is this one's turn. */
  done(result: T, name: string): void;
}

/** Throws one CliError with the text of every failure, a line each, after all are done. */
export async function each<T>(
  names: readonly string[],
  run: (name: string) => Promise<T>,
  options: EachOptions<T>,
): Promise<void> {
  const failures = await eachSettled(names, run, options);
  if (failures.length > 0) throw new CliError(failures.map(({error}) => error.message).join('\n'));
}

export interface Failure {
  name: string;
  error: Error;
}

/** As `each`, but hands the failures back. */
export async function eachSettled<T>(
  names: readonly string[],
  run: (name: string) => Promise<T>,
  options: EachOptions<T>,
): Promise<Failure[]> {
  const failures: Failure[] = [];
  const running: Promise<PromiseSettledResult<T>>[] = [];
  const start = (name: string) => {
    running.push(
      run(name).then(
        value => ({status: 'fulfilled', value}) as const,
        reason => ({status: 'rejected', reason}) as const,
      ),
    );
  };
  for (const name of names.slice(0, parallel)) start(name);
  for (const [i, name] of names.entries()) {
    const result = await running[i]!;
    const next = names[i + parallel];
    if (next !== undefined) start(next);
    if (result.status === 'fulfilled') options.done(result.value, name);
    else failures.push({name, error: result.reason as Error});
  }
  return failures;
}
