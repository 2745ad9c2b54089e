/** Reads the CDI specifications of this machine. */
import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import type {Logger} from '@longshore/base';
import {parse} from 'yaml';
import type {RankedSpec} from '../../core/containers/devices/cdi-registry.ts';
import {parseCdiSpec} from '../../core/containers/devices/cdi-spec.ts';

/** A larger file is no list of devices. */
const maximumSize = 4 * 1024 * 1024;

/**
 * Those of later directories count more. Read anew for each request, since tools write them while the daemon runs; a
 * file that cannot be used is logged and left out.
 */
export function readCdiDirectories(directories: readonly string[], log: Logger): RankedSpec[] {
  return directories.flatMap((directory, rank) =>
    filesOf(directory).flatMap(file => {
      try {
        const text = readFileSync(file, 'utf8');
        if (text.length > maximumSize) throw new Error(`it is larger than ${maximumSize} bytes`);
        // YAML reads JSON too.
        return [{spec: parseCdiSpec(parse(text, {maxAliasCount: 100})), rank}];
      } catch (error) {
        log.warn({file, error}, 'cannot use a specification of CDI devices');
        return [];
      }
    }),
  );
}

function filesOf(directory: string): string[] {
  try {
    const names = readdirSync(directory).filter(name => /\.(json|ya?ml)$/.test(name));
    return names.sort().map(name => join(directory, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
