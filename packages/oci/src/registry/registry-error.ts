/** What a registry says when it refuses: `{"errors":[{"code","message","detail"}]}`. */
import {EngineError, type ErrorCode} from '@longshore/errdefs';

export interface RegistryErrorItem {
  /** `MANIFEST_UNKNOWN`, `DENIED`, … */
  code: string;
  message: string;
}

/** Of what a server says about one request. */
const maxItems = 10;
const maxMessage = 1_000;

/** A registry's answer other than success. The message has the registry's own words. */
export class RegistryError extends EngineError {
  readonly status: number;
  readonly items: readonly RegistryErrorItem[];

  constructor(status: number, items: readonly RegistryErrorItem[], message: string) {
    super(codeOfStatus(status, items), message);
    this.name = 'RegistryError';
    this.status = status;
    this.items = items;
  }
}

/** Makes the error of an answer. `what` names the request: `GET https://host/v2/…`. */
export function registryError(status: number, body: string, what: string): RegistryError {
  const items = parseItems(body);
  if (items.length > 0) return new RegistryError(status, items, items.map(showItem).join(', '));
  const text = printable(body.replace(/\s+/g, ' ')).trim().slice(0, 200);
  const page = /^<(!doctype|html)/i.test(text) ? '' : text;
  return new RegistryError(status, [], `unexpected status from ${what}: ${status}${page ? `: ${page}` : ''}`);
}

/** True for answers that may be different a moment later. */
export function isTransientStatus(status: number): boolean {
  return status === 408 || status === 429 || (status >= 500 && status !== 501 && status !== 505);
}

/** As Docker prints it: `manifest unknown: manifest tagged by "x" is not found`. */
function showItem({code, message}: RegistryErrorItem): string {
  const name = code.toLowerCase().replaceAll('_', ' ');
  return message && message.toLowerCase() !== name ? `${name}: ${message}` : name;
}

function parseItems(body: string): RegistryErrorItem[] {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return [];
  }
  const {errors, details} = (json ?? {}) as {errors?: unknown; details?: unknown};
  // Token servers put one error at the top: {"details": "…"}.
  if (typeof details === 'string') return [{code: 'unauthorized', message: printable(details)}];
  if (!Array.isArray(errors)) return [];
  return errors
    .filter((item): item is {code?: unknown; message?: unknown} => typeof item === 'object' && item !== null)
    .slice(0, maxItems)
    .map(({code, message}) => ({code: printable(code ?? 'UNKNOWN'), message: printable(message ?? '')}));
}

/** What a server says ends on somebody's terminal, and must not steer it or fill it. */
function printable(value: unknown): string {
  return String(value)
    .replaceAll(/[\x00-\x1f\x7f-\x9f]+/g, ' ')
    .slice(0, maxMessage);
}

const codes: Readonly<Record<number, ErrorCode>> = {
  400: 'invalid-argument',
  401: 'unauthenticated',
  403: 'permission-denied',
  404: 'not-found',
  405: 'unimplemented',
  409: 'conflict',
  413: 'resource-exhausted',
  416: 'out-of-range',
  429: 'resource-exhausted',
  501: 'unimplemented',
};

function codeOfStatus(status: number, items: readonly RegistryErrorItem[]): ErrorCode {
  // Docker Hub answers 401 for a repository that is not there: what it says is what it means.
  if (items.some(item => item.code === 'DENIED')) return 'permission-denied';
  return codes[status] ?? (status >= 500 ? 'unavailable' : 'unknown');
}
