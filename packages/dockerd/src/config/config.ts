/** The daemon's configuration: defaults, then daemon.json, then flags; parsed once and frozen. */
import {type EngineError, EngineError as Failure} from '@longshore/errdefs';
import {describeJsonError} from '../http/json-syntax.ts';
import type {GivenFlags} from './flags.ts';
import {type Kind, type KindTypes, kinds, TypeMismatch} from './kinds.ts';
import {type Option, type OptionName, optionTable} from './option-table.ts';
import {maskCredentials} from './proxies.ts';

export type Config = {readonly [K in OptionName]: Readonly<KindTypes[(typeof optionTable)[K]['kind']]>};

const options = Object.entries(optionTable) as [OptionName, Option][];
/** In daemon.json these three are inside an object `proxies`. */
const proxyKeys = ['http-proxy', 'https-proxy', 'no-proxy'];
/** May be given in both places; the flags add to the file. */
const merged: readonly OptionName[] = ['runtimes'];

/** Values of daemon.json by option. Throws for unknown keys and wrong types, with Docker's messages. */
export function parseConfigFile(content: string): Partial<Record<OptionName, unknown>> {
  const document = parseObject(content);
  const {proxies, ...rest} = document;
  const flat = {...rest, ...(proxies === undefined ? {} : checkProxies(proxies))};
  const byKey = new Map(options.flatMap(([name, option]) => (keyOf(option) ? [[keyOf(option), name] as const] : [])));
  const unknown = Object.keys(flat).filter(key => !byKey.has(key));
  if (unknown.length > 0) {
    throw new Failure(
      'invalid-argument',
      `the following directives don't match any configuration option: ${unknown.join(', ')}`,
    );
  }
  return Object.fromEntries(Object.entries(flat).map(([key, value]) => [byKey.get(key), readKey(key, value, byKey)]));
}

/** Joins the sources; `defaults` replace those of the table. Throws when an option is in the file and a flag. */
export function mergeConfig(
  flags: GivenFlags,
  file: Partial<Record<OptionName, unknown>>,
  defaults: Partial<Record<OptionName, unknown>> = {},
): Config {
  const conflicts = (Object.keys(file) as OptionName[]).filter(name => name in flags && !merged.includes(name));
  if (conflicts.length > 0) {
    const shown = conflicts.map(name => describeConflict(name, flags[name], file[name]));
    throw new Failure(
      'invalid-argument',
      `the following directives are specified both as a flag and in the configuration file: ${shown.join(', ')}`,
    );
  }
  const values = options.map(([name, option]) => {
    if (merged.includes(name)) return [name, {...(file[name] as object), ...(flags[name] as object)}];
    return [name, flags[name] ?? file[name] ?? defaults[name] ?? option.value ?? kinds[option.kind].zero()];
  });
  return Object.freeze(Object.fromEntries(values)) as Config;
}

/** The options that were set to something else than their default, and are not supported yet. */
export function unsupportedOptions(config: Config): EngineError[] {
  return options.flatMap(([name, option]) => {
    const standard = option.value ?? kinds[option.kind].zero();
    if (!option.unsupported || JSON.stringify(config[name]) === JSON.stringify(standard)) return [];
    const why = typeof option.unsupported === 'string' ? option.unsupported : 'not supported yet';
    return [new Failure('unimplemented', `--${option.flag || keyOf(option)} is ${why}`)];
  });
}

/** Nothing but blanks is an empty configuration; a byte order mark is skipped. */
function parseObject(content: string): Record<string, unknown> {
  const text = content.replace(/^\uFEFF/, '').trim();
  const value = parseJson(text === '' ? '{}' : text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const given = Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
    throw new Failure(
      'invalid-argument',
      `json: cannot unmarshal ${given} into Go value of type map[string]interface {}`,
    );
  }
  return value as Record<string, unknown>;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Failure('invalid-argument', describeJsonError(text), {cause: error});
  }
}

function checkProxies(proxies: unknown): Record<string, unknown> {
  if (typeof proxies !== 'object' || proxies === null) {
    throw new Failure('invalid-argument', 'proxies: expected an object');
  }
  const unknown = Object.keys(proxies).find(key => !proxyKeys.includes(key));
  if (unknown) {
    throw new Failure('invalid-argument', `the following directives don't match any configuration option: ${unknown}`);
  }
  return proxies as Record<string, unknown>;
}

function keyOf(option: Option): string | undefined {
  return 'key' in option ? option.key : option.flag;
}

function readKey(key: string, value: unknown, byKey: Map<string | undefined, OptionName>): unknown {
  const option: Option = optionTable[byKey.get(key) as OptionName];
  const kind = kinds[option.kind] as Kind<unknown>;
  try {
    const read = kind.fromFile(value);
    if (option.check) for (const each of Array.isArray(read) ? read : [read]) option.check(each);
    return read;
  } catch (error) {
    if (!(error instanceof TypeMismatch)) throw error;
    const {given, goType} = error;
    throw new Failure(
      'invalid-argument',
      `json: cannot unmarshal ${given} into Go struct field Config.${key} of type ${goType}`,
      {cause: error},
    );
  }
}

function describeConflict(name: OptionName, flag: unknown, file: unknown): string {
  const key = keyOf(optionTable[name]) as string;
  const kind = kinds[optionTable[name].kind] as Kind<unknown>;
  const show = (value: unknown) => (proxyKeys.includes(key) ? maskCredentials(kind.show(value)) : kind.show(value));
  return `${key}: (from flag: ${show(flag)}, from file: ${show(file)})`;
}
