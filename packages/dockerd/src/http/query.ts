import {EngineError} from '@longshore/errdefs';

/** Query parameters, read as Docker reads them. */
export class Query {
  readonly #params: URLSearchParams;

  constructor(query: string) {
    this.#params = new URLSearchParams(query);
  }

  has(name: string): boolean {
    return this.#params.has(name);
  }

  /** The first value, or the empty string. */
  text(name: string): string {
    return this.#params.get(name) ?? '';
  }

  /** All values of a repeated parameter. */
  list(name: string): string[] {
    return this.#params.getAll(name);
  }

  /** True for anything but the empty string, 0, no, false and none. */
  bool(name: string, missing = false): boolean {
    if (!this.has(name)) return missing;
    return !['', '0', 'no', 'false', 'none'].includes(this.text(name).trim().toLowerCase());
  }

  /** A decimal number; undefined when it is missing or empty. Throws Go's strconv error (500, as Docker does). */
  int(name: string, call = 'Atoi'): number | undefined {
    const value = this.text(name);
    if (value === '') return undefined;
    if (!/^[+-]?\d{1,15}$/.test(value)) {
      throw new EngineError('unknown', `strconv.${call}: parsing ${JSON.stringify(value)}: invalid syntax`);
    }
    return Number(value);
  }
}
