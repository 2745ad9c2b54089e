/**
 * `containerd oci-hook -- PROGRAM ARG…`: a hook of an OCI runtime whose arguments tell about the container. The
 * runtime gives the state on standard input; `{{id}}`, `{{bundle}}`, `{{rootfs}}`, `{{pid}}`, `{{status}}` and
 * `{{annotation "name"}}` in the arguments are replaced by it, and the program takes our place.
 */
import {readFileSync} from 'node:fs';
import {isAbsolute, join} from 'node:path';
import {EngineError, messageOf} from '@longshore/errdefs';
import {executeProgram, findProgram} from '@longshore/linux';

interface HookState {
  id?: string;
  bundle?: string;
  pid?: number;
  status?: string;
  annotations?: {[name: string]: string};
}

const usage = `NAME:
   containerd oci-hook - Provides a base for OCI runtime hooks to allow arguments to be injected.

USAGE:
   containerd oci-hook [command options] [--] PROGRAM [ARG...]

OPTIONS:
   --help, -h  Show help`;

/** Throws invalid-argument for arguments or a state that make no sense, not-found. */
export function ociHook(args: readonly string[]): void {
  if (['-h', '--help'].includes(args[0] ?? '')) {
    process.stdout.write(`${usage}\n`);
    return;
  }
  const words = args[0] === '--' ? args.slice(1) : args;
  if (words.length === 0) throw new EngineError('invalid-argument', 'command must be specified');
  const state = parseJson<HookState>('state', readFileSync(0, 'utf8'));
  const argv = renderArguments(words, state);
  executeProgram(findProgram(argv[0] as string, process.env.PATH), argv, process.env);
}

export function renderArguments(words: readonly string[], state: HookState): string[] {
  return words.map(word => word.replace(/\{\{\s*(.*?)\s*\}\}/gs, (_all, action: string) => fieldOf(action, state)));
}

function fieldOf(action: string, state: HookState): string {
  const annotation = /^annotation\s+(?:"((?:[^"\\]|\\.)*)"|`([^`]*)`)$/.exec(action);
  if (annotation) {
    const name = annotation[2] ?? parseJson<string>('annotation', `"${annotation[1]}"`);
    return state.annotations?.[name] ?? '';
  }
  if (action === 'rootfs') return rootfsOf(state.bundle ?? '');
  if (action === 'id') return state.id ?? '';
  if (action === 'bundle') return state.bundle ?? '';
  if (action === 'pid') return String(state.pid ?? 0);
  if (action === 'status') return state.status ?? '';
  throw new EngineError('invalid-argument', `function "${action.split(/\s/)[0]}" not defined`);
}

function rootfsOf(bundle: string): string {
  const path = join(bundle, 'config.json');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new EngineError('not-found', `cannot read ${path}: ${messageOf(error)}`, {cause: error});
  }
  const root = parseJson<{root?: {path?: string}}>(path, text).root?.path ?? '';
  return isAbsolute(root) ? root : join(bundle, root);
}

function parseJson<T>(what: string, text: string): T {
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    throw new EngineError('invalid-argument', `${what} is no JSON: ${messageOf(error)}`, {cause: error});
  }
}
