/** `--log-opt` of the drivers that write files: json-file, local, and the cache of drivers that cannot be read. */
import {messageOf} from '@longshore/errdefs';
import {invalid, type LogOptions, parseBool, parseDecimalSize, parseInteger} from './values.ts';

/** When a log file is full, and what then becomes of it. */
export interface RotationLimits {
  /** Bytes; undefined for no limit. */
  maximumSize: number | undefined;
  /** The current file included. */
  maximumFiles: number;
  compress: boolean;
}

/** Throws for values that cannot be read; at start of the container, as Docker does. */
export function parseJsonLogOptions(options: LogOptions): RotationLimits {
  const maximumSize = options['max-size'] === undefined ? undefined : parseDecimalSize(options['max-size']);
  if (maximumSize !== undefined && maximumSize <= 0) throw invalid('max-size must be a positive number');
  const maximumFiles = options['max-file'] === undefined ? 1 : parseInteger(options['max-file']);
  if (maximumFiles < 1) throw invalid('max-file cannot be less than 1');
  const compress = parseBool(options.compress) ?? false;
  if (compress && (maximumFiles === 1 || maximumSize === undefined)) {
    throw invalid('compress cannot be true when max-file is less than 2 or max-size is not set');
  }
  return {maximumSize, maximumFiles, compress};
}

const localDefaults: RotationLimits = {maximumSize: 20 * 1024 * 1024, maximumFiles: 5, compress: true};

/** The same for the driver `local`. */
export function parseLocalLogOptions(options: LogOptions): RotationLimits {
  const limits = {
    maximumSize: read(options, 'max-size', parseDecimalSize) ?? localDefaults.maximumSize,
    maximumFiles: read(options, 'max-file', parseInteger) ?? localDefaults.maximumFiles,
    compress: readCompress(options.compress) ?? localDefaults.compress,
  };
  if (limits.compress && limits.maximumFiles <= 1) {
    throw invalid('compression cannot be enabled when max file count is 1');
  }
  if (limits.maximumSize === 0) throw invalid('max-size must be a positive number');
  if (limits.maximumFiles < 1) throw invalid('max-file cannot be less than 1');
  return limits;
}

/** Limits of the cache beside a driver that cannot be read; undefined when it was switched off. */
export function parseCacheOptions(options: LogOptions): RotationLimits | undefined {
  if (parseBool(options['cache-disabled'])) return undefined;
  const names = {'cache-max-size': 'max-size', 'cache-max-file': 'max-file', 'cache-compress': 'compress'};
  const own = Object.entries(names).flatMap(([name, local]) => {
    const value = options[name];
    return value === undefined ? [] : [[local, value] as const];
  });
  return parseLocalLogOptions(Object.fromEntries(own));
}

function read(options: LogOptions, name: string, parse: (text: string) => number): number | undefined {
  const text = options[name];
  if (text === undefined) return undefined;
  try {
    return parse(text);
  } catch (error) {
    throw invalid(`invalid value for ${name}: ${text}: ${messageOf(error)}`);
  }
}

function readCompress(text: string | undefined): boolean | undefined {
  try {
    return parseBool(text);
  } catch (error) {
    throw invalid(`error reading compress log option: ${messageOf(error)}`);
  }
}
