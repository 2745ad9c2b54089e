/**
 * The flag syntax of runc (Go's): `-name` and `--name` are the same, a value follows as `=value` or as the next
 * argument, booleans take `=true` or `=false` only. `--` ends the flags.
 */
import {EngineError} from '@longshore/errdefs';

export interface Flag {
  /** First the long name, then short ones, without dashes. */
  names: readonly [string, ...string[]];
  kind: 'boolean' | 'string' | 'integer' | 'duration' | 'list';
  /** What the help says. */
  help: string;
  /** Shown in the help; given by `text()` when the flag is absent. */
  default?: string;
  /** Accepted, but not in the help. */
  hidden?: boolean;
}

/** A usage error: the help of the command is printed before it. */
export class UsageError extends EngineError {
  constructor(message: string) {
    super('invalid-argument', message);
    this.name = 'UsageError';
  }
}

/** Flags and positional arguments of one command line. */
export class ParsedArguments {
  readonly positional: string[] = [];
  readonly #values = new Map<string, string[]>();
  readonly #flags: readonly Flag[];

  constructor(flags: readonly Flag[]) {
    this.#flags = flags;
  }

  add(flag: Flag, value: string): void {
    const values = this.#values.get(flag.names[0]) ?? [];
    this.#values.set(flag.names[0], [...values, value]);
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  boolean(name: string): boolean {
    return this.#values.get(name)?.at(-1) === 'true';
  }

  /** The last value, else the flag's default, else undefined. */
  text(name: string): string | undefined {
    return this.#values.get(name)?.at(-1) ?? this.#flags.find(flag => flag.names[0] === name)?.default;
  }

  list(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }
}

export interface ParseOptions {
  /**
   * Everything from the first positional argument on belongs to somebody else (the program of an exec). Otherwise
   * the command's own flags are found behind positional arguments too, as urfave/cli v1 finds them.
   */
  stopAtPositional: boolean;
}

/** Throws UsageError with the texts of Go's flag package. */
export function parseArguments(
  args: readonly string[],
  flags: readonly Flag[],
  options: ParseOptions,
): ParsedArguments {
  const parsed = new ParsedArguments(flags);
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (arg === '--') {
      parsed.positional.push(...args.slice(i + 1));
      break;
    }
    const written = splitFlag(arg);
    const flag = written && findFlag(flags, written.name);
    if (flag) i += addFlag(parsed, flag, written, args[i + 1]);
    else if (!written || parsed.positional.length > 0) {
      if (options.stopAtPositional) {
        parsed.positional.push(...args.slice(i));
        break;
      }
      parsed.positional.push(arg);
    } else throw new UsageError(`flag provided but not defined: -${written.name}`);
  }
  return parsed;
}

type WrittenFlag = {name: string; value: string | undefined};

/** Undefined for an argument that is no flag: without a dash, or `-` alone. */
function splitFlag(arg: string): WrittenFlag | undefined {
  if (!arg.startsWith('-') || arg === '-') return undefined;
  const body = arg.startsWith('--') ? arg.slice(2) : arg.slice(1);
  const at = body.indexOf('=');
  return at < 0 ? {name: body, value: undefined} : {name: body.slice(0, at), value: body.slice(at + 1)};
}

/** The arguments as they were written, but for some flags. */
export function withoutFlags(args: readonly string[], flags: readonly Flag[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i < args.length; i++) {
    if (args[i] === '--') return [...kept, ...args.slice(i)];
    const written = splitFlag(args[i]!);
    const flag = written && findFlag(flags, written.name);
    if (!flag) kept.push(args[i]!);
    else if (written?.value === undefined && flag.kind !== 'boolean') i++;
  }
  return kept;
}

export function findFlag(flags: readonly Flag[], name: string): Flag | undefined {
  return flags.find(flag => flag.names.includes(name));
}

/** Answers how many further arguments it took. */
function addFlag(parsed: ParsedArguments, flag: Flag, written: WrittenFlag, next: string | undefined): number {
  if (flag.kind === 'boolean') {
    parsed.add(flag, booleanText(written));
    return 0;
  }
  const value = written.value ?? next;
  if (value === undefined) throw new UsageError(`flag needs an argument: -${written.name}`);
  if (!isValid(flag, value)) throw new UsageError(`invalid value "${value}" for flag -${written.name}: parse error`);
  parsed.add(flag, value);
  return written.value === undefined ? 1 : 0;
}

/** The spellings of Go's strconv.ParseBool. */
function booleanText({name, value = 'true'}: WrittenFlag): string {
  if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(value)) return 'true';
  if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(value)) return 'false';
  throw new UsageError(`invalid boolean value "${value}" for -${name}: parse error`);
}

function isValid(flag: Flag, value: string): boolean {
  if (flag.kind === 'integer') return /^[+-]?(\d+|0x[\da-fA-F]+)$/.test(value);
  if (flag.kind === 'duration') return parseDuration(value) !== undefined;
  return true;
}

const unitMs: Record<string, number> = {ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000};

/** Milliseconds of a Go duration (`1m30s`, `250ms`); undefined if it is none. */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0;
  const match = /^([+-]?)((?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))+)$/.exec(text);
  if (!match) return undefined;
  let sum = 0;
  for (const [, number, unit] of match[2]!.matchAll(/([\d.]+)(ns|us|µs|ms|s|m|h)/g))
    sum += Number(number) * unitMs[unit!]!;
  return match[1] === '-' ? -sum : sum;
}
