/** How Go's templates look at values: truth, names of types, printing. Values come from JSON or from table rows. */
import {formatFloat} from '../go-number.ts';

/** A value whose fields are computed and may take arguments: a row of a table. */
export interface TemplateFields {
  /** Name of the type in error messages. */
  readonly goType: string;
  /** The field of this name; undefined when there is none. */
  templateField(name: string): ((...args: unknown[]) => unknown) | undefined;
}

export function hasTemplateFields(value: unknown): value is TemplateFields {
  return typeof value === 'object' && value !== null && 'templateField' in value;
}

/** A JSON object, which templates see as a map. */
export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !hasTemplateFields(value);
}

export function isNil(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

/** What `if`, `with`, `and`, `or` and `not` go by. */
export function isTrue(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (isMap(value)) return Object.keys(value).length > 0;
  if (typeof value === 'bigint') return value !== 0n;
  return Boolean(value);
}

/** The name Go would give the value's type. */
export function typeName(value: unknown): string {
  if (isNil(value)) return 'nil';
  if (typeof value === 'string') return 'string';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'bigint') return 'int';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float64';
  if (Array.isArray(value)) return value.every(item => typeof item === 'string') ? '[]string' : '[]interface {}';
  if (hasTemplateFields(value)) return value.goType;
  return 'map[string]interface {}';
}

/** `%v`. Maps print their keys sorted. A value that is not there at all prints as Go's template engine does. */
export function printValue(value: unknown): string {
  return value === undefined ? '<no value>' : formatValue(value);
}

export function formatValue(value: unknown): string {
  if (isNil(value)) return '<nil>';
  if (typeof value === 'number') return formatFloat(value);
  if (Array.isArray(value)) return `[${value.map(formatValue).join(' ')}]`;
  if (!isMap(value)) return hasTemplateFields(value) ? `{${value.goType}}` : String(value);
  const keys = Object.keys(value).sort();
  return `map[${keys.map(key => `${key}:${formatValue(value[key])}`).join(' ')}]`;
}

/** Integers of either representation; undefined for anything else. */
export function asInteger(value: unknown): number | undefined {
  if (typeof value === 'bigint') return Number(value);
  return typeof value === 'number' && Number.isInteger(value) ? value : undefined;
}
