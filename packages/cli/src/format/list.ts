/** Lists of things as `docker … ls` prints them: a table, JSON lines, or a template per row. */
import {
  alignColumns,
  compileTemplate,
  dockerColumns,
  goJson,
  type Template,
  type TemplateFields,
} from '@longshore/term';
import {CliError} from '../command/errors.ts';

/** Computes one field of a row. A second parameter is an argument of the template: `{{.Label "key"}}`. */
export type FieldGetter<T> = {header: string; get: (item: T) => unknown} | {lookup: (item: T, key: string) => unknown};

/** All fields a template of this kind of list may use. */
export interface RowType<T> {
  /** Name of the type in error messages. */
  goType: string;
  fields: Record<string, FieldGetter<T>>;
}

export interface ListOptions {
  /** What the user asked for; empty for the default. */
  format: string;
  /** The template of `table`, and what is shown by default. */
  table: string;
  /** The template of `--quiet`, when quiet. */
  quiet?: string | undefined;
  /** The template of `raw`, where there is one. */
  raw?: string;
}

/** The text of a list. Throws CliError for a template that cannot be used. */
export function formatList<T>(items: readonly T[], type: RowType<T>, options: ListOptions): string {
  const {format} = options;
  if (options.quiet !== undefined) return formatRows(items, type, options.quiet);
  if (format === 'json') return items.map(item => `${new Row(item, type).toJsonText()}\n`).join('');
  if (format === 'raw' && options.raw !== undefined) return formatRows(items, type, options.raw);
  if (format !== '' && !format.startsWith('table')) return formatRows(items, type, format);
  const template = format.slice('table'.length).trim();
  return formatTable(items, type, template || options.table);
}

export function formatTable<T>(items: readonly T[], type: RowType<T>, source: string): string {
  const template = compileFormat(source);
  const rows = items.map(item => execute(template, new Row(item, type)));
  const header = execute(template, new HeaderRow(type));
  return alignColumns([header, ...rows].map(row => `${row}\n`).join(''), dockerColumns);
}

function formatRows<T>(items: readonly T[], type: RowType<T>, source: string): string {
  const template = compileFormat(source);
  return items.map(item => `${execute(template, new Row(item, type))}\n`).join('');
}

/**
 * True when the template looks at this field of a row, as far as a row without any data shows. Throws CliError for a
 * template that cannot be read.
 */
export function usesField<T>(format: string, type: RowType<T>, name: string): boolean {
  let isUsed = false;
  const touch: FieldGetter<unknown> = {
    header: '',
    get: () => {
      isUsed = true;
      return '';
    },
  };
  const source = format.startsWith('table') ? format.slice('table'.length) : format;
  const template = compileFormat(source);
  const probe: RowType<unknown> = {goType: type.goType, fields: {...blankFields(type), [name]: touch}};
  try {
    template.execute(new Row(undefined, probe));
  } catch {
    // a template may well need real data; what is wrong with it is said when it is used
  }
  return isUsed;
}

function blankFields<T>(type: RowType<T>): Record<string, FieldGetter<unknown>> {
  const blank = (getter: FieldGetter<T>): FieldGetter<unknown> =>
    'lookup' in getter ? {lookup: () => ''} : {header: '', get: () => ''};
  return Object.fromEntries(Object.entries(type.fields).map(([name, getter]) => [name, blank(getter)]));
}

/** `\t` and `\n` may be written as two characters on a command line. */
export function compileFormat(source: string): Template {
  try {
    return compileTemplate(source.replaceAll('\\t', '\t').replaceAll('\\n', '\n'));
  } catch (error) {
    throw new CliError(`failed to parse template: ${(error as Error).message}`);
  }
}

function execute(template: Template, row: TemplateFields): string {
  try {
    return template.execute(row);
  } catch (error) {
    throw new CliError(`failed to execute template: ${(error as Error).message}`);
  }
}

/** One item, seen by a template. */
export class Row<T> implements TemplateFields {
  readonly #item: T;
  readonly #type: RowType<T>;

  constructor(item: T, type: RowType<T>) {
    this.#item = item;
    this.#type = type;
  }

  get goType(): string {
    return this.#type.goType;
  }

  templateField(name: string): ((...args: unknown[]) => unknown) | undefined {
    const getter = Object.hasOwn(this.#type.fields, name) ? this.#type.fields[name] : undefined;
    if (!getter) return undefined;
    if ('lookup' in getter) return key => getter.lookup(this.#item, String(key));
    return () => getter.get(this.#item);
  }

  /** Every field without an argument, sorted, as Go marshals the row. */
  toJSON(): Record<string, unknown> {
    const names = Object.keys(this.#type.fields).sort();
    const plain = names.flatMap(name => {
      const getter = this.#type.fields[name]!;
      return 'get' in getter ? [[name, getter.get(this.#item)] as const] : [];
    });
    return Object.fromEntries(plain);
  }

  toJsonText(): string {
    return goJson(this.toJSON(), {escapeHtml: true});
  }
}

/** The heads of the columns, made by running the row's template on the names of its fields. */
class HeaderRow<T> implements TemplateFields {
  readonly #type: RowType<T>;

  constructor(type: RowType<T>) {
    this.#type = type;
  }

  get goType(): string {
    return this.#type.goType;
  }

  templateField(name: string): ((...args: unknown[]) => unknown) | undefined {
    const getter = Object.hasOwn(this.#type.fields, name) ? this.#type.fields[name] : undefined;
    if (!getter) return undefined;
    if ('lookup' in getter) return key => headerOfKey(String(key));
    return () => getter.header;
  }
}

/** `com.example.git-hash` heads its column as `git hash`. */
function headerOfKey(key: string): string {
  return (key.split('.').at(-1) ?? '').replace(/[-_]/g, ' ');
}
