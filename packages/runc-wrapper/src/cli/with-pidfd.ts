/**
 * `--pidfd-socket` of create, run and exec. Runtimes older than runc 1.2 do not know it, so the pidfd is always sent
 * from here. It must be of that very process: one that has ended stays a zombie until we have it, because we are its
 * subreaper, or the process waits for its start.
 */
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import {messageOf} from '@longshore/errdefs';
import {kill, setChildSubreaper} from '@longshore/linux';
import {type PidfdKind, sendPidfd} from '../pidfd-socket.ts';
import type {CommandContext} from './command.ts';
import {detachFlag, keepFlag, noSubreaperFlag, pidfdSocketFlag} from './common-flags.ts';
import {withoutFlags} from './flags.ts';
import {waitInForeground} from './foreground.ts';
import {runRuntime} from './pass-through.ts';

/** The exit code of an exec whose process could not be started. */
const execFailure = 255;

export async function createWithPidfd(context: CommandContext): Promise<number> {
  const notOfCreate = [pidfdSocketFlag, detachFlag, keepFlag, noSubreaperFlag];
  const exitStatus = await runRuntime(context, 'create', withoutFlags(context.rawArguments, notOfCreate));
  if (exitStatus !== 0) return exitStatus;
  const runtime = context.runtime();
  const id = context.args.positional[0]!;
  try {
    sendPidfd(context.args.text('pidfd-socket')!, runtime.load(id).pid, 'standard');
  } catch (error) {
    await runtime.delete(id, {force: true}); // a create that fails leaves nothing
    throw error;
  }
  return 0;
}

/** Create, start, and in the foreground wait and delete, each as the commands of these names do it. */
export async function runWithPidfd(context: CommandContext): Promise<number> {
  const {args, logError} = context;
  const inForeground = !args.boolean('detach');
  if (inForeground && bundleHasTerminal(args.text('bundle') ?? '.'))
    return alongside(context, 'run', context.rawArguments, 'standard');
  if (inForeground) setChildSubreaper();
  const created = await createWithPidfd(context);
  if (created !== 0) return created;
  const runtime = context.runtime();
  const id = args.positional[0]!;
  const {pid} = runtime.load(id);
  const deleteIt = () => runtime.delete(id, {force: true, onCleanupError: error => logError(messageOf(error))});
  try {
    if (process.env.NOTIFY_SOCKET) await runRuntime(context, 'start', [id]);
    else await runtime.start(id);
  } catch (error) {
    await deleteIt();
    throw error;
  }
  if (!inForeground) return 0;
  const exitCode = await waitInForeground(pid);
  if (!args.boolean('keep')) await deleteIt();
  return exitCode;
}

export async function execWithPidfd(context: CommandContext): Promise<number> {
  const {args, rawArguments} = context;
  const flags = rawArguments.slice(0, rawArguments.length - args.positional.length);
  if (flags.at(-1) === '--') flags.pop();
  const inForeground = !args.boolean('detach');
  if (inForeground && (args.boolean('tty') || processHasTerminal(args.text('process'))))
    return alongside(context, 'exec', [...flags, '--', ...args.positional], 'setns');
  setChildSubreaper();
  using file = pidFile(args.text('pid-file'));
  const all = [
    ...withoutFlags(flags, [pidfdSocketFlag]),
    '--detach',
    '--pid-file',
    file.path,
    '--',
    ...args.positional,
  ];
  const exitStatus = await runRuntime(context, 'exec', all);
  if (exitStatus !== 0) return exitStatus;
  const pid = Number(readFileSync(file.path, 'utf8'));
  try {
    sendPidfd(args.text('pidfd-socket')!, pid, 'setns');
  } catch (error) {
    kill(pid, 'SIGKILL'); // what could not be handed over does not run on
    context.logError(messageOf(error));
    return execFailure;
  }
  return inForeground ? await waitInForeground(pid) : 0;
}

/**
 * The terminal and its signals are the runtime's affair: it runs the command in the foreground, and the pidfd is sent
 * as soon as it has written the pid. A process that has ended by then has none any more, which is logged.
 */
async function alongside(
  context: CommandContext,
  command: string,
  rawArguments: readonly string[],
  kind: PidfdKind,
): Promise<number> {
  using file = pidFile(context.args.text('pid-file'));
  const positional = context.args.positional.length;
  const [flags, rest] = [rawArguments.slice(0, -positional), rawArguments.slice(-positional)];
  const before = flags.at(-1) === '--' ? flags.slice(0, -1) : flags;
  rmSync(file.path, {force: true}); // of an earlier container
  let isSent = false;
  const watch = setInterval(() => {
    const pid = readPid(file.path);
    if (pid === 0) return;
    clearInterval(watch);
    isSent = true;
    trySend(context, pid, kind);
  }, 5);
  try {
    const args = [...withoutFlags(before, [pidfdSocketFlag]), '--pid-file', file.path, '--', ...rest];
    const exitStatus = await runRuntime(context, command, args);
    if (!isSent && readPid(file.path) !== 0) context.logError('the process has ended before its pidfd was sent');
    return exitStatus;
  } finally {
    clearInterval(watch);
  }
}

function trySend(context: CommandContext, pid: number, kind: PidfdKind): void {
  try {
    sendPidfd(context.args.text('pidfd-socket')!, pid, kind);
  } catch (error) {
    context.logError(messageOf(error));
  }
}

/** 0 while it is not there. */
function readPid(path: string): number {
  try {
    return Number(readFileSync(path, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}

/** The caller's own pid file, or one in a directory that is removed. */
function pidFile(wanted: string | undefined): Disposable & {path: string} {
  if (wanted !== undefined) return {path: resolve(wanted), [Symbol.dispose]: () => {}};
  const directory = mkdtempSync(join(tmpdir(), 'runc-wrapper-'));
  return {path: join(directory, 'pid'), [Symbol.dispose]: () => rmSync(directory, {recursive: true, force: true})};
}

function bundleHasTerminal(bundle: string): boolean {
  return readJson(join(bundle, 'config.json'))?.process?.terminal === true;
}

function processHasTerminal(file: string | undefined): boolean {
  return file !== undefined && readJson(file)?.terminal === true;
}

/** Undefined for what cannot be read: it is the runtime that says so. */
function readJson(path: string): {terminal?: boolean; process?: {terminal?: boolean}} | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}
