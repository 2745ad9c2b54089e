import {EngineError} from '@longshore/errdefs';
import {lineOf} from './locate.ts';
import {fullPluginName} from './migrate.ts';
import {type Schema, schema} from './schema.ts';

export type Table = {[key: string]: unknown};

export interface ConfigText {
  file: string;
  text: string;
}

/** Refuses unknown keys and values of the wrong kind, naming file, line and key. Throws invalid-argument. */
export function checkConfig(source: ConfigText, parsed: Table): void {
  checkTable(source, schema, parsed, []);
}

function checkTable(source: ConfigText, expected: Schema, given: unknown, path: readonly string[]): void {
  if (expected.kind === 'ignored') return;
  if (expected.kind === 'value') {
    const problem = expected.check(given);
    if (problem !== undefined) throw refusal(source, path, problem);
    return;
  }
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw refusal(source, path, 'must be a table');
  for (const key of expected.kind === 'table' ? (expected.required ?? []) : []) {
    if (!Object.hasOwn(given, key)) throw refusal(source, path, `lacks its ${key}`);
  }
  for (const [key, value] of Object.entries(given)) {
    const next = fieldOf(expected, path, key);
    if (!next) throw refusal(source, [...path, key], unknownReason(path));
    checkTable(source, next, value, [...path, key]);
  }
}

/** Files of version 1 name plugins by their last part. */
function fieldOf(expected: Schema, path: readonly string[], key: string): Schema | undefined {
  if (expected.kind === 'map') return expected.of;
  if (expected.kind !== 'table') return undefined;
  const name = path.length === 1 && path[0] === 'plugins' ? (fullPluginName(key) ?? key) : key;
  return Object.hasOwn(expected.fields, name) ? expected.fields[name] : undefined;
}

function unknownReason(path: readonly string[]): string {
  if (path[0] === 'plugins' && path.length === 1) return 'is no plugin of this daemon nor of containerd 1.6 to 2.1';
  return 'is an unknown key';
}

function refusal({file, text}: ConfigText, path: readonly string[], problem: string): EngineError {
  const line = lineOf(text, path);
  const shown = path.map(part => (/^[\w-]+$/.test(part) ? part : JSON.stringify(part))).join('.');
  return new EngineError(
    'invalid-argument',
    `${file}${line === undefined ? '' : `:${line}`}: "${shown.replaceAll('"', "'")}" ${problem}`,
  );
}
