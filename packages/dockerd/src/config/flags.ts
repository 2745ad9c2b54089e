/** Reads the command line as pflag does: `--flag value`, `--flag=value`, `-H value`, `-Dl debug`. */
import {EngineError, messageOf} from '@longshore/errdefs';
import {type Kind, kinds} from './kinds.ts';
import {type Option, type OptionName, optionTable} from './option-table.ts';

/** Values of the flags that were given, by option. */
export type GivenFlags = Partial<Record<OptionName, unknown>>;

const byFlag = new Map<string, OptionName>();
const byShort = new Map<string, OptionName>();
for (const [name, option] of Object.entries(optionTable) as [OptionName, Option][]) {
  if (option.flag) byFlag.set(option.flag, name);
  if (option.short) byShort.set(option.short, name);
}

/** Throws `invalid-argument` with pflag's messages. */
export function parseFlags(argv: readonly string[]): GivenFlags {
  const given: GivenFlags = {};
  const rest = [...argv];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--') break;
    if (word.startsWith('--')) parseLong(word, rest, given);
    else if (word.startsWith('-') && word.length > 1) parseShort(word, rest, given);
    else rest.length = 0;
    if (!word.startsWith('-')) throw usage('"dockerd" accepts no arguments.');
  }
  if (rest.length > 0) throw usage('"dockerd" accepts no arguments.');
  return given;
}

function parseLong(word: string, rest: string[], given: GivenFlags): void {
  const [, flag = '', value] = /^--([^=]*)(?:=(.*))?$/s.exec(word) ?? [];
  const name = byFlag.get(flag);
  if (!name) throw usage(`unknown flag: --${flag}`);
  const next = value ?? (isSwitch(name) ? 'true' : rest.shift());
  if (next === undefined) throw usage(`flag needs an argument: --${flag}`);
  set(given, name, next);
}

function parseShort(word: string, rest: string[], given: GivenFlags): void {
  for (let letters = word.slice(1); letters !== ''; ) {
    const letter = letters[0] as string;
    const name = byShort.get(letter);
    if (!name) throw usage(`unknown shorthand flag: '${letter}' in -${letters}`);
    letters = letters.slice(1);
    if (isSwitch(name) && !letters.startsWith('=')) {
      set(given, name, 'true');
      continue;
    }
    const value = letters === '' ? rest.shift() : letters.replace(/^=/, '');
    if (value === undefined) throw usage(`flag needs an argument: '${letter}' in -${letter}`);
    set(given, name, value);
    return;
  }
}

/** Needs no value on the command line. */
function isSwitch(name: OptionName): boolean {
  return ['bool', 'choice'].includes(optionTable[name].kind);
}

function set(given: GivenFlags, name: OptionName, value: string): void {
  const option: Option = optionTable[name];
  const kind = kinds[option.kind] as Kind<unknown>;
  try {
    option.check?.(value);
    given[name] = kind.fromFlag(value, given[name]);
  } catch (error) {
    throw usage(
      `invalid argument ${JSON.stringify(value)} for ${JSON.stringify(shownName(option))} flag: ${messageOf(error)}`,
    );
  }
}

function shownName({short, flag}: Option): string {
  return short ? `-${short}, --${flag}` : `--${flag}`;
}

function usage(message: string): EngineError {
  return new EngineError('invalid-argument', `${message}\nSee 'dockerd --help'.`);
}
