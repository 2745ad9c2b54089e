/** The shim's command line, in the style of Go's flag package: one dash or two, a value after "=" or as next word. */
import {EngineError} from '@longshore/errdefs';

export interface Flags {
  address: string;
  bundle: string;
  debug: boolean;
  debugSocket: string;
  id: string;
  info: boolean;
  namespace: string;
  publishBinary: string;
  socket: string;
  v: boolean;
}

export interface CommandLine {
  flags: Flags;
  /** What follows the flags: the action and anything after it. */
  rest: string[];
}

/** Asked for with -h or -help. */
export class HelpRequested extends Error {}

const fields: Record<string, keyof Flags> = {
  address: 'address',
  bundle: 'bundle',
  debug: 'debug',
  'debug-socket': 'debugSocket',
  id: 'id',
  info: 'info',
  namespace: 'namespace',
  'publish-binary': 'publishBinary',
  socket: 'socket',
  v: 'v',
};

const truths: Record<string, boolean> = {};
for (const text of ['1', 't', 'T', 'true', 'TRUE', 'True']) truths[text] = true;
for (const text of ['0', 'f', 'F', 'false', 'FALSE', 'False']) truths[text] = false;

/** Flags end at the first word without a dash, or after "--". Throws invalid-argument with Go's texts. */
export function parseCommandLine(words: readonly string[]): CommandLine {
  const flags: Flags = {
    address: '',
    bundle: '',
    debug: false,
    debugSocket: '',
    id: '',
    info: false,
    namespace: '',
    publishBinary: '',
    socket: '',
    v: false,
  };
  let at = 0;
  while (at < words.length) {
    const word = words[at] as string;
    if (!word.startsWith('-') || word === '-') break;
    at++;
    if (word === '--') break;
    at += setFlag(flags, word, words[at]);
  }
  return {flags, rest: words.slice(at)};
}

/** Returns how many further words it used: 1 when the value is the next word. */
function setFlag(flags: Flags, word: string, next: string | undefined): 0 | 1 {
  const text = word.slice(word.startsWith('--') ? 2 : 1);
  const equals = text.indexOf('=');
  const name = equals < 0 ? text : text.slice(0, equals);
  const value = equals < 0 ? undefined : text.slice(equals + 1);
  if (name === '' || name.startsWith('-')) throw invalid(`bad flag syntax: ${word}`);
  if (name === 'h' || name === 'help') throw new HelpRequested();
  const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (!field) throw invalid(`flag provided but not defined: -${name}`);
  if (typeof flags[field] === 'boolean') {
    const truth = value === undefined ? true : truths[value];
    if (truth === undefined) throw invalid(`invalid boolean value "${value}" for -${name}: parse error`);
    (flags as unknown as Record<string, boolean>)[field] = truth;
    return 0;
  }
  const given = value ?? next;
  if (given === undefined) throw invalid(`flag needs an argument: -${name}`);
  (flags as unknown as Record<string, string>)[field] = given;
  return value === undefined ? 1 : 0;
}

function invalid(message: string): EngineError {
  return new EngineError('invalid-argument', message);
}

export function usage(program: string): string {
  return `Usage of ${program}:
  -address string
    \tgrpc address back to main containerd
  -bundle string
    \tpath to the bundle if not workdir
  -debug
    \tenable debug output in logs
  -debug-socket string
    \tdebug socket path to serve
  -id string
    \tid of the task
  -info
    \tget the option protobuf from stdin, print the shim info protobuf to stdout, and exit
  -namespace string
    \tnamespace that owns the shim
  -publish-binary string
    \tpath to publish binary (used for publishing events when there is no TTRPC_ADDRESS env)
  -socket string
    \tsocket path to serve
  -v\tshow the shim version and exit
`;
}
