/**
 * Command lines as containerd's tools read them: flags come before the first positional argument and not after it,
 * `--flag value`, `--flag=value`, `-f value`; one dash or two mean the same; `--` ends the flags.
 */
import {tryParseDuration} from '@longshore/term';
import type {Flag} from './command.ts';
import {UsageError} from './errors.ts';
import {FlagValues} from './flag-values.ts';

export interface ParsedFlags {
  values: FlagValues;
  rest: string[];
  wantsHelp: boolean;
}

export function parseFlags(flags: Flag[], argv: readonly string[]): ParsedFlags {
  const values = new Map<string, string[]>();
  let wantsHelp = false;
  let at = 0;
  for (; at < argv.length; at++) {
    const word = argv[at] ?? '';
    if (word === '--') {
      at++;
      break;
    }
    if (!word.startsWith('-') || word === '-') break;
    const {name, value} = splitFlag(word);
    if (name === 'help' || name === 'h') {
      wantsHelp = true;
      continue;
    }
    const flag = find(flags, name);
    const given = value ?? (flag.type === 'bool' ? 'true' : argv[++at]);
    if (given === undefined) throw new UsageError(`flag needs an argument: ${word}`);
    if (flag.unsupported) throw new UsageError(`--${flag.name} is not supported: ${flag.unsupported}`, false);
    values.set(flag.name, [...(values.get(flag.name) ?? []), checkValue(flag, given)]);
  }
  return {values: new FlagValues(flags, values), rest: argv.slice(at), wantsHelp};
}

function splitFlag(word: string): {name: string; value?: string} {
  const bare = word.replace(/^--?/, '');
  const equals = bare.indexOf('=');
  return equals < 0 ? {name: bare} : {name: bare.slice(0, equals), value: bare.slice(equals + 1)};
}

function find(flags: Flag[], name: string): Flag {
  const flag = flags.find(f => f.name === name || f.aliases?.includes(name));
  if (!flag) throw new UsageError(`flag provided but not defined: -${name}`);
  return flag;
}

function checkValue(flag: Flag, value: string): string {
  const fail = (what: string) => new UsageError(`invalid value "${value}" for flag -${flag.name}: ${what}`);
  if (flag.type === 'bool') {
    if (/^(1|t|T|true|TRUE|True)$/.test(value)) return 'true';
    if (/^(0|f|F|false|FALSE|False)$/.test(value)) return 'false';
    throw fail('parse error');
  }
  if (flag.type === 'integer' && !/^[+-]?\d+$/.test(value)) throw fail('parse error');
  if (flag.type === 'float' && !/^[+-]?(\d+\.?\d*|\.\d+)$/.test(value)) throw fail('parse error');
  if (flag.type === 'duration' && tryParseDuration(value) === undefined) throw fail('parse error');
  return value;
}
