/** POST /containers/{id}/exec: prepares a further process of a running container. */
import type {Process} from '@longshore/api/oci';
import {type CallContext, randomHex} from '@longshore/base';
import {codeOf, EngineError, messageOf} from '@longshore/errdefs';
import type {Container} from '../containers/container.ts';
import {overrideEnvironment} from '../containers/spec/environment.ts';
import {resolveUser} from '../containers/spec/user.ts';
import {hasProcess} from '../containers/state.ts';
import {publishContainerEvent, type World} from '../containers/world.ts';
import {defaultAppArmorProfile} from '../ports/app-armor.ts';
import {Exec, type ExecConfig} from './exec.ts';

/** Throws `conflict` when the container does not run, `invalid-argument` for a command or user that cannot be. */
export async function createExec(
  world: World,
  ctx: CallContext,
  container: Container,
  config: ExecConfig,
): Promise<Exec> {
  requireRunning(container);
  requireCommand(config.command);
  const process = await makeProcess(world, ctx, container, config);
  const exec = new Exec(randomHex(32), container.id, config, process);
  container.execs.set(exec.id, exec);
  publishContainerEvent(world, container, `exec_create: ${describeCommand(config)}`, {execID: exec.id});
  return exec;
}

/** Throws `invalid-argument` when there is nothing to run. */
export function requireCommand(command: readonly string[]): void {
  if (command.length === 0) throw new EngineError('invalid-argument', 'No exec command specified');
}

/** Throws with Docker's words for every state in which a process cannot be added. */
export function requireRunning({id, name, state}: Container): void {
  if (state.status === 'paused') {
    throw new EngineError('conflict', `Container ${name} is paused, unpause the container before exec`);
  }
  if (state.status === 'restarting') {
    throw new EngineError('conflict', `Container ${id} is restarting, wait until the container is running`);
  }
  if (!hasProcess(state)) throw new EngineError('conflict', `container ${id} is not running`);
}

/** The program and its arguments; Docker's events have a space behind a single word. */
export function describeCommand({command: [program = '', ...args]}: ExecConfig): string {
  return `${program} ${args.join(' ')}`;
}

/** Like the container's first process, but for what the request says. */
async function makeProcess(world: World, ctx: CallContext, container: Container, config: ExecConfig): Promise<Process> {
  const first = container.process ?? (await world.runtime.configuredProcess(ctx, container.id));
  container.process = first;
  const {terminal: _terminal, consoleSize: _size, ...inherited} = first;
  const [height, width] = config.consoleSize ?? [0, 0];
  const capabilities = world.files.capabilities();
  // The profile may have been unloaded since the container started.
  if (first.apparmorProfile === defaultAppArmorProfile) await world.appArmor?.ensureDefaultProfile();
  return {
    ...inherited,
    ...(config.tty ? {terminal: true} : {}),
    ...(config.tty && config.consoleSize ? {consoleSize: {height, width}} : {}),
    ...(config.user === '' ? {} : {user: userOf(world, container, config.user)}),
    args: config.command,
    env: environmentOf(container, config),
    cwd: config.workingDir || container.record.config.WorkingDir || '/',
    ...(config.privileged
      ? {capabilities: {bounding: capabilities, effective: capabilities, permitted: capabilities}}
      : {}),
  };
}

function userOf(world: World, container: Container, user: string) {
  const {host} = container.record;
  try {
    return resolveUser(user, host.GroupAdd ?? [], world.files.readUserDatabase(world.rootfs.path(container.id)));
  } catch (error) {
    const code = codeOf(error) === 'unknown' ? 'invalid-argument' : codeOf(error);
    throw new EngineError(code, messageOf(error), {cause: error});
  }
}

function environmentOf(container: Container, config: ExecConfig): string[] {
  const own = container.process?.env ?? [];
  const withTerminal = config.tty && !own.some(each => each.startsWith('TERM=')) ? [...own, 'TERM=xterm'] : own;
  const base = config.tty ? withTerminal : own.filter(each => each !== 'TERM=xterm' || !container.record.config.Tty);
  return overrideEnvironment(base, config.env);
}
