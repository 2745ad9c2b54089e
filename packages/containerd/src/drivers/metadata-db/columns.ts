/** How values of records look in the database. Maps are JSON and times RFC 3339, readable with the sqlite3 command. */
import {EngineError} from '@longshore/errdefs';
import type {TypedValue} from '../../core/metadata/records.ts';
import {formatTime, parseTime, type Timestamp} from '../../core/time.ts';

export type Row = {readonly [column: string]: unknown};

export function jsonText(value: unknown): string {
  return JSON.stringify(value);
}

export function readMap(row: Row, column: string): Record<string, string> {
  return JSON.parse(row[column] as string) as Record<string, string>;
}

export function readTime(row: Row, column: string): Timestamp {
  const time = parseTime(row[column] as string);
  if (!time) throw new EngineError('data-loss', `column ${column} is not a time: "${row[column]}"`);
  return time;
}

export function readOptionalTime(row: Row, column: string): Timestamp | undefined {
  return row[column] === null ? undefined : readTime(row, column);
}

export function optionalTime(time: Timestamp | undefined): string | null {
  return time ? formatTime(time) : null;
}

/** A typed value lies in two columns: `<column>_type` and `<column>`. */
export function typedColumns(value: TypedValue | undefined): [string | null, Uint8Array | null] {
  return value ? [value.typeUrl, value.value] : [null, null];
}

export function readTyped(row: Row, column: string): {typeUrl: string; value: Uint8Array} | undefined {
  const typeUrl = row[`${column}_type`];
  return typeof typeUrl === 'string' ? {typeUrl, value: row[column] as Uint8Array} : undefined;
}

type ExtensionJson = Record<string, {type: string; value: string}>;

export function extensionsText(extensions: {readonly [name: string]: TypedValue}): string {
  const json: ExtensionJson = {};
  for (const [name, {typeUrl, value}] of Object.entries(extensions)) {
    json[name] = {type: typeUrl, value: Buffer.from(value).toString('base64')};
  }
  return JSON.stringify(json);
}

export function readExtensions(row: Row): Record<string, TypedValue> {
  const extensions: Record<string, TypedValue> = {};
  for (const [name, {type, value}] of Object.entries(JSON.parse(row.extensions as string) as ExtensionJson)) {
    extensions[name] = {typeUrl: type, value: Buffer.from(value, 'base64')};
  }
  return extensions;
}
