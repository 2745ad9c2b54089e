import {EngineError} from '@longshore/errdefs';
import {tryParseDuration} from '@longshore/term';
import type {Flag} from './command.ts';

/** The flags of one command line, parsed. */
export class FlagValues {
  readonly #values: Map<string, string[]>;
  readonly #flags: Flag[];

  constructor(flags: Flag[], values: Map<string, string[]>) {
    this.#flags = flags;
    this.#values = values;
  }

  /** These, and those of the group that the command belongs to; the command's own win. */
  within(group: FlagValues): FlagValues {
    const others = group.#flags.filter(({name}) => !this.knows(name));
    const values = new Map(group.#values);
    for (const [name, given] of this.#values) values.set(name, given);
    return new FlagValues([...this.#flags, ...others], values);
  }

  /** True when the flag was on the command line. */
  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** True when the command has such a flag at all. */
  knows(name: string): boolean {
    return this.#flags.some(flag => flag.name === name);
  }

  bool(name: string): boolean {
    return this.text(name) === 'true';
  }

  /** The last value, or the one of the environment, or the default, or ''. */
  text(name: string): string {
    const flag = this.#flags.find(f => f.name === name);
    if (!flag) throw new Error(`no such flag: ${name}`);
    const environment = flag.env ? process.env[flag.env] : undefined;
    return this.#values.get(name)?.at(-1) ?? (environment || flag.default) ?? '';
  }

  list(name: string): string[] {
    return this.#values.get(name) ?? [];
  }

  /** 0 when it was not given. */
  number(name: string): number {
    return Number(this.text(name) || '0');
  }

  /** Milliseconds; 0 when it was not given. */
  milliseconds(name: string): number {
    return Number(tryParseDuration(this.text(name) || '0s') ?? 0n) / 1e6;
  }

  /** `key=value` flags as an object. */
  labels(name: string): Record<string, string> {
    return parseLabels(this.list(name));
  }
}

/** `key=value` words as an object; a word without "=" has an empty value. */
export function parseLabels(words: readonly string[]): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const word of words) {
    const at = word.indexOf('=');
    const key = at < 0 ? word : word.slice(0, at);
    if (key === '') throw new EngineError('invalid-argument', `invalid label "${word}": it has no name`);
    labels[key] = at < 0 ? '' : word.slice(at + 1);
  }
  return labels;
}
