/** `--log-opt` of the json-file driver. */
import {EngineError} from '@longshore/errdefs';
import {parseBytes} from '../../config/values.ts';

export interface JsonLogLimits {
  /** Bytes; undefined for no limit. */
  maximumSize: number | undefined;
  /** The current file included. */
  maximumFiles: number;
  compress: boolean;
}

export const jsonLogOptionNames = [
  'max-file',
  'max-size',
  'compress',
  'labels',
  'labels-regex',
  'env',
  'env-regex',
  'tag',
  'mode',
  'max-buffer-size',
];

/** Throws for values that cannot be read; at start of the container, as Docker does. */
export function parseJsonLogOptions(options: Record<string, string>): JsonLogLimits {
  const maximumSize = parseSize(options['max-size']);
  const maximumFiles = parseFiles(options['max-file']);
  const compress = parseCompress(options.compress);
  if (compress && (maximumFiles === 1 || maximumSize === undefined)) {
    throw new EngineError(
      'invalid-argument',
      'compress cannot be true when max-file is less than 2 or max-size is not set',
    );
  }
  if (maximumSize === undefined && maximumFiles > 1) {
    throw new EngineError('invalid-argument', 'max-file cannot be specified without max-size');
  }
  return {maximumSize, maximumFiles, compress};
}

function parseSize(text: string | undefined): number | undefined {
  if (text === undefined || text === '-1') return undefined;
  const size = parseBytes(text);
  if (size <= 0) throw new EngineError('invalid-argument', `max-size must be a positive number: ${text}`);
  return size;
}

function parseFiles(text: string | undefined): number {
  if (text === undefined) return 1;
  if (!/^\d{1,9}$/.test(text)) {
    throw new EngineError('invalid-argument', `strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  if (Number(text) < 1) throw new EngineError('invalid-argument', 'max-file cannot be less than 1');
  return Number(text);
}

function parseCompress(text: string | undefined): boolean {
  if (text === undefined) return false;
  if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)) return true;
  if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text)) return false;
  throw new EngineError('invalid-argument', `strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`);
}
