/** How many arguments a command takes, with Docker's words when it gets another number. */
import {UsageError} from './errors.ts';

/** Throws UsageError when the number of arguments is wrong. `name` is the full command. */
export type Positional = (name: string, args: readonly string[]) => void;

export const noArguments: Positional = (name, args) => {
  if (args.length > 0) fail(name, 'accepts no arguments');
};

export const anyArguments: Positional = () => {};

export function exactly(count: number): Positional {
  return (name, args) => {
    if (args.length !== count) fail(name, `requires ${plural(count)}`);
  };
}

export function atLeast(count: number): Positional {
  return (name, args) => {
    if (args.length < count) fail(name, `requires at least ${plural(count)}`, 'See');
  };
}

export function atMost(count: number): Positional {
  return (name, args) => {
    if (args.length > count) fail(name, `requires at most ${plural(count)}`);
  };
}

export function between(min: number, max: number): Positional {
  return (name, args) => {
    if (args.length < min || args.length > max) fail(name, `requires at least ${min} and at most ${plural(max)}`);
  };
}

function fail(name: string, text: string, hint: 'See' | 'Run' = 'Run'): never {
  throw new UsageError(`docker: '${name}' ${text}`, 1, hint);
}

function plural(count: number): string {
  return `${count} ${count === 1 ? 'argument' : 'arguments'}`;
}
