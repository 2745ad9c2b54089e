/** containerd's command line: global options, then a command. */
import {EngineError} from '@longshore/errdefs';
import type {Overrides} from './load.ts';

export interface CommandLine {
  config: string | undefined;
  overrides: Overrides;
  help: boolean;
  version: boolean;
  /** Check the root directory instead of running. */
  check: boolean;
  /** Empty: run the daemon. */
  command: string[];
}

const valued = {
  config: 'config',
  c: 'config',
  'log-level': 'logLevel',
  l: 'logLevel',
  'log-format': 'logFormat',
  address: 'address',
  a: 'address',
  root: 'root',
  state: 'state',
  // Names of the first releases that still mean something.
  listen: 'address',
  'state-dir': 'state',
} as const;

/** Names of the first releases that have gone, and what took their place. */
const retired: {readonly [flag: string]: string} = {
  shim: 'name the runtime of each container instead, as in --runtime of ctr run',
  runtime: 'name the runtime of each container instead, as in --runtime of ctr run',
  'start-timeout': "set 'io.containerd.timeout.shim.load' under [timeouts] in the configuration file",
  'retain-count': 'events are not kept any more; subscribe to them with ctr events',
  'metrics-interval': 'metrics are read on request with ctr tasks metrics',
  debug: 'use --log-level debug',
};

/** Throws invalid-argument for a flag that is not known or lacks its value. */
export function parseCommandLine(words: readonly string[]): CommandLine {
  const line: CommandLine = {config: undefined, overrides: {}, help: false, version: false, check: false, command: []};
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as string;
    const match = /^--?([^=-][^=]*)(?:=(.*))?$/s.exec(word);
    if (!match || word === '--') {
      line.command = words.slice(word === '--' ? at + 1 : at);
      break;
    }
    const [, name = '', inline] = match;
    if (name === 'help' || name === 'h') line.help = true;
    else if (name === 'version' || name === 'v') line.version = true;
    else if (name === 'check') line.check = true;
    else setValue(line, name, inline ?? words[++at]);
  }
  return line;
}

function setValue(line: CommandLine, name: string, value: string | undefined): void {
  const hint = retired[name];
  if (hint !== undefined) throw new EngineError('invalid-argument', `flag -${name} is no longer supported: ${hint}`);
  const field = Object.hasOwn(valued, name) ? valued[name as keyof typeof valued] : undefined;
  if (!field) throw new EngineError('invalid-argument', `flag provided but not defined: -${name}`);
  if (value === undefined) throw new EngineError('invalid-argument', `flag needs an argument: -${name}`);
  // In the first releases -l was short for --listen.
  if (name === 'l' && /^(unix:\/\/)?\//.test(value)) line.overrides.address = withoutScheme(value);
  else if (field === 'config') line.config = value;
  else line.overrides[field] = field === 'address' ? withoutScheme(value) : value;
}

function withoutScheme(address: string): string {
  return address.replace(/^unix:\/\//, '');
}
