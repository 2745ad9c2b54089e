/**
 * Reads a command line as Docker's flag library (pflag) does, where oclif's own parser differs: `--flag=false` for
 * booleans, clusters (`-itd`, `-eK=V`), single-dash values with `=`, and flags that end at the first argument for
 * commands that pass the rest on (`docker run IMAGE --not-ours`).
 */
import {UsageError} from './errors.ts';
import type {FlagSpec, FlagSpecs, FlagValues} from './flags.ts';

export interface ParsedArgv<F extends FlagSpecs> {
  flags: FlagValues<F>;
  /** Names of the flags that were given. */
  given: Set<keyof F & string>;
  args: string[];
  /** Set when the asked-for help flag was met: nothing after it was read. */
  help: boolean;
}

export interface ArgvOptions {
  /** False: the first argument that is no flag ends the flags. */
  interspersed?: boolean;
}

/** Exit code for a flag that does not exist or has a bad value. */
const badFlagExitCode = 125;

/** Throws UsageError with pflag's text for anything it cannot read. */
export function parseArgv<F extends FlagSpecs>(
  specs: F,
  argv: readonly string[],
  options: ArgvOptions = {},
): ParsedArgv<F> {
  return new ArgvReader(specs, argv, options.interspersed ?? true).read();
}

type Found = {name: string; spec: FlagSpec<unknown>};

class ArgvReader<F extends FlagSpecs> {
  readonly #specs: F;
  readonly #rest: string[];
  readonly #interspersed: boolean;
  readonly #result: ParsedArgv<F>;

  constructor(specs: F, argv: readonly string[], interspersed: boolean) {
    this.#specs = specs;
    this.#rest = [...argv];
    this.#interspersed = interspersed;
    const initial = Object.fromEntries(Object.entries(specs).map(([name, spec]) => [name, spec.initial]));
    this.#result = {flags: initial as FlagValues<F>, given: new Set(), args: [], help: false};
  }

  read(): ParsedArgv<F> {
    const {args} = this.#result;
    for (let word = this.#rest.shift(); word !== undefined && !this.#result.help; word = this.#rest.shift()) {
      if (word === '--') {
        args.push(...this.#rest.splice(0));
      } else if (word.startsWith('--')) {
        this.#readLong(word);
      } else if (word.startsWith('-') && word.length > 1) {
        this.#readCluster(word.slice(1));
      } else {
        args.push(word);
        if (!this.#interspersed) args.push(...this.#rest.splice(0));
      }
    }
    return this.#result;
  }

  #readLong(word: string): void {
    const at = word.indexOf('=');
    const name = at < 0 ? word.slice(2) : word.slice(2, at);
    if (name === '' || name.startsWith('-')) throw badFlag(`bad flag syntax: ${word}`);
    if (name === 'help') {
      this.#result.help = true;
      return;
    }
    const found = this.#byName(name);
    if (!found) throw badFlag(`unknown flag: --${name}`);
    if (at >= 0) this.#set(found, word.slice(at + 1));
    else if (found.spec.bare !== undefined) this.#set(found, found.spec.bare);
    else this.#set(found, this.#value(`--${name}`));
  }

  /** `-abc`, `-n5`, `-n=5`, `-n 5`: every letter but the last must be a flag without a value. */
  #readCluster(letters: string): void {
    for (let i = 0; i < letters.length; i++) {
      const letter = letters[i]!;
      const found = this.#byLetter(letter);
      if (!found) {
        if (letter === 'h') this.#result.help = true;
        else throw badFlag(`unknown shorthand flag: '${letter}' in -${letters.slice(i)}`);
        return;
      }
      const rest = letters.slice(i + 1);
      if (rest.length > 1 && rest.startsWith('=')) {
        this.#set(found, rest.slice(1));
        return;
      }
      if (found.spec.bare === undefined) {
        this.#set(found, rest || this.#value(`'${letter}' in -${letters.slice(i)}`));
        return;
      }
      this.#set(found, found.spec.bare);
    }
  }

  #value(of: string): string {
    const value = this.#rest.shift();
    if (value === undefined) throw badFlag(`flag needs an argument: ${of}`);
    return value;
  }

  #set({name, spec}: Found, text: string): void {
    const {flags, given} = this.#result;
    try {
      flags[name as keyof F] = spec.set(flags[name as keyof F], text) as F[keyof F]['initial'];
    } catch (error) {
      const shown = spec.char ? `-${spec.char}, --${name}` : `--${name}`;
      throw badFlag(`invalid argument ${JSON.stringify(text)} for "${shown}" flag: ${(error as Error).message}`);
    }
    given.add(name);
  }

  #byName(name: string): Found | undefined {
    if (Object.hasOwn(this.#specs, name)) return {name, spec: this.#specs[name]!};
    return this.#find(spec => spec.aliases?.includes(name) ?? false);
  }

  #byLetter(letter: string): Found | undefined {
    return this.#find(spec => spec.char === letter);
  }

  #find(matches: (spec: FlagSpec<unknown>) => boolean): Found | undefined {
    const entry = Object.entries(this.#specs).find(([, spec]) => matches(spec));
    return entry && {name: entry[0], spec: entry[1]};
  }
}

function badFlag(message: string): UsageError {
  return new UsageError(message, badFlagExitCode);
}
