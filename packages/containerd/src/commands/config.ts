import {EngineError} from '@longshore/errdefs';
import {stringify} from 'smol-toml';
import {defaults} from '../config/config.ts';
import type {CommandLine} from '../config/flags.ts';
import {readTable} from '../config/read.ts';

const usage = `NAME:
   containerd config - Information on the containerd config

USAGE:
   containerd config command [command options]

COMMANDS:
   default  See the output of the default config
   dump     See the output of the final main config with imported in subconfig files
   migrate  Migrate the current configuration file to the latest version (does not migrate subconfig files)
   help, h  Shows a list of commands or help for one command

OPTIONS:
   --help, -h  Show help (default: false)`;

/** `containerd config default|dump|migrate`: the text to print. */
export function printConfig([action]: readonly string[], line: CommandLine): string {
  if (action === undefined || ['help', 'h', '-h', '--help'].includes(action)) return usage;
  if (action === 'default') return stringify(defaults);
  // Files of version 2 name the same keys: loading one is migrating it.
  if (action === 'dump' || action === 'migrate') return stringify(readTable(line));
  throw new EngineError('invalid-argument', `no help topic for 'config ${action}'`);
}
