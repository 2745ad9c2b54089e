/** How large the file system of a container may grow: `--storage-opt size=10G`. */
import {EngineError} from '@longshore/errdefs';
import {parseBytes} from '../../config/values.ts';

const daemonOption = /^\s*overlay2\.size\s*=\s*(.*?)\s*$/i;

/**
 * Bytes, or undefined for no limit. `storageOpt` is the container's; `daemonOptions` are the values of dockerd's
 * `--storage-opt`, of which `overlay2.size` is for containers that ask for nothing. Throws, in the words of the original's
 * overlay2, for another option and for what is no size.
 */
export function rootfsSizeLimit(
  storageOpt: Readonly<Record<string, string>>,
  daemonOptions: readonly string[],
): number | undefined {
  let size = defaultSize(daemonOptions);
  for (const [key, value] of Object.entries(storageOpt)) {
    if (key.toLowerCase() !== 'size') throw new EngineError('invalid-argument', `unknown option ${key}`);
    size = parseBytes(value);
  }
  return size || undefined;
}

function defaultSize(options: readonly string[]): number {
  const values = options.flatMap(option => daemonOption.exec(option)?.[1] ?? []);
  return parseBytes(values.at(-1) ?? '0');
}
