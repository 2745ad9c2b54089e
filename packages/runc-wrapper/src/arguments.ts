/** Command lines of the OCI runtime, as containerd's shims write them. */
import type {
  CheckpointOptions,
  CreateOptions,
  ExecOptions,
  RestoreOptions,
  RuncRuntimeOptions,
} from './runtime-options.ts';

export function globalArguments(options: RuncRuntimeOptions, log: string | undefined = options.log): string[] {
  return [
    ...flag('--debug', options.debug),
    ...value('--root', options.root),
    ...(log === undefined ? [] : ['--log', log, '--log-format', options.logFormat ?? 'json']),
    ...flag('--systemd-cgroup', options.systemdCgroup),
    ...value('--rootless', options.rootless),
  ];
}

export function createArguments(options: CreateOptions): string[] {
  return ['create', '--bundle', options.bundle, ...processArguments(options), ...pivotArguments(options), options.id];
}

export function execArguments(options: ExecOptions): string[] {
  const detach = flag('--detach', options.detach ?? true);
  return ['exec', '--process', options.processFile, ...detach, ...processArguments(options), options.id];
}

export function checkpointArguments(id: string, options: CheckpointOptions): string[] {
  return [
    'checkpoint',
    ...imageArguments(options),
    ...value('--parent-path', options.parentPath),
    ...flag('--leave-running', options.leaveRunning),
    ...flag('--pre-dump', options.preDump),
    id,
  ];
}

export function restoreArguments(options: RestoreOptions): string[] {
  return [
    ...['restore', '--bundle', options.bundle],
    ...imageArguments(options),
    ...['--detach', '--pid-file', options.pidFile],
    ...value('--console-socket', options.consoleSocket),
    ...flag('--no-pivot', options.noPivot),
    ...flag('--no-subreaper', options.noSubreaper),
    options.id,
  ];
}

/** CRIU's path is a global option of runc 1.1; later ones take it from PATH alone. */
export function criuArguments(options: {criuPath?: string}): string[] {
  return value('--criu', options.criuPath);
}

function imageArguments(options: CheckpointOptions | RestoreOptions): string[] {
  return [
    ...value('--image-path', options.imagePath),
    ...value('--work-path', options.workPath),
    ...flag('--tcp-established', options.allowTcp),
    ...flag('--ext-unix-sk', options.allowUnixSockets),
    ...flag('--shell-job', options.allowTerminal),
    ...flag('--file-locks', options.fileLocks),
    ...value('--manage-cgroups-mode', options.cgroupsMode),
    ...(options.emptyNamespaces ?? []).flatMap(name => ['--empty-ns', name]),
  ];
}

function processArguments(options: CreateOptions | ExecOptions): string[] {
  const extra = options.preserveFds ?? options.fds.extra?.length ?? 0;
  return [
    ...value('--pid-file', options.pidFile),
    ...value('--console-socket', options.consoleSocket),
    ...(extra > 0 ? ['--preserve-fds', String(extra)] : []),
  ];
}

function pivotArguments(options: CreateOptions): string[] {
  return [...flag('--no-pivot', options.noPivot), ...flag('--no-new-keyring', options.noNewKeyring)];
}

function flag(name: string, on: boolean | undefined): string[] {
  return on ? [name] : [];
}

function value(name: string, text: string | undefined): string[] {
  return text === undefined || text === '' ? [] : [name, text];
}
