/** Runs a prepared exec, with its streams attached or without. */
import {type CallContext, withTimeout} from '@longshore/base';
import {EngineError, isErrorCode, messageOf} from '@longshore/errdefs';
import type {Container} from '../containers/container.ts';
import {type StartError, translateRuntimeError} from '../containers/start-error.ts';
import {publishContainerEvent, type World} from '../containers/world.ts';
import {nowNano} from '../events/event-bus.ts';
import type {OutputReceiver} from '../ports/container-io.ts';
import type {ExecIo} from '../ports/exec-io.ts';
import {describeCommand, requireRunning} from './create.ts';
import type {Exec} from './exec.ts';

const deleteTimeoutMs = 20_000;
const sigkill = 9;

/** Where the output of an exec goes; undefined when nobody is attached. */
export type ExecAttachment = OutputReceiver | undefined;

/** Throws `conflict` when it has been started before, and StartError for a command that cannot be run. */
export async function startExec(
  world: World,
  ctx: CallContext,
  container: Container,
  exec: Exec,
  attachment: ExecAttachment,
): Promise<void> {
  checkStartable(container, exec);
  exec.state = {status: 'starting'};
  publishContainerEvent(world, container, `exec_start: ${describeCommand(exec.config)}`, {execID: exec.id});
  const io = await openIo(world, exec, attachment);
  try {
    await run(world, ctx, exec, io);
  } catch (error) {
    await io.finish();
    throw fail(exec, error);
  }
  exec.stdin = io.stdin;
  void finishAfterExit(world, exec, io);
}

function checkStartable(container: Container, exec: Exec): void {
  if (exec.state.status === 'exited') throw new EngineError('conflict', `exec command ${exec.id} has already run`);
  if (exec.state.status !== 'created') throw new EngineError('conflict', `exec command ${exec.id} is already running`);
  requireRunning(container);
}

function openIo(world: World, exec: Exec, attachment: ExecAttachment): Promise<ExecIo> {
  const {config, containerId, id} = exec;
  const discard: OutputReceiver = {deliver: () => {}, congestion: () => undefined, keepsNothing: () => true};
  return world.execIo.create({
    containerId,
    execId: id,
    stdin: attachment !== undefined && config.attachStdin,
    stdout: attachment !== undefined && config.attachStdout,
    stderr: attachment !== undefined && config.attachStderr,
    tty: config.tty,
    receiver: attachment ?? discard,
  });
}

async function run(world: World, ctx: CallContext, exec: Exec, io: ExecIo): Promise<void> {
  const {containerId, id, config} = exec;
  const stdio = {...io.paths, terminal: config.tty};
  await world.runtime.createExec(ctx, containerId, {execId: id, process: exec.process, stdio});
  try {
    exec.pid = await world.runtime.startExec(ctx, containerId, id);
    io.attached();
    // A short process may have ended, and its exit may have been told, before this call was answered.
    if (exec.state.status === 'starting') exec.state = {status: 'running'};
    exec.started.resolve();
  } catch (error) {
    await abandon(world, exec, error);
    throw error;
  }
}

/** Of a start that was cut off nobody knows whether the process runs; its client does not wait until that is known. */
async function abandon(world: World, {containerId, id}: Exec, error: unknown): Promise<void> {
  const ctx = withTimeout(world.background, deleteTimeoutMs);
  const remove = () => world.runtime.deleteExec(ctx, containerId, id).catch(() => {});
  if (!isErrorCode(error, 'unavailable')) {
    await remove(); // it never ran
    return;
  }
  void world.runtime
    .kill(ctx, containerId, sigkill, id)
    .catch(() => {})
    .then(remove);
}

function fail(exec: Exec, error: unknown): StartError {
  const failure = translateRuntimeError(error);
  exec.state = {status: 'exited', exitCode: failure.exitCode};
  exec.endedAt = nowNano();
  exec.started.resolve();
  exec.exited.resolve(failure.exitCode);
  return failure;
}

/** The exit event of an exec'd process. */
export function handleExecExit(world: World, container: Container, exec: Exec, exitCode: number): void {
  if (exec.state.status === 'exited') return;
  exec.state = {status: 'exited', exitCode};
  exec.endedAt = nowNano();
  publishContainerEvent(world, container, 'exec_die', {execID: exec.id, exitCode: String(exitCode)});
  exec.exited.resolve(exitCode);
}

async function finishAfterExit(world: World, exec: Exec, io: ExecIo): Promise<void> {
  await exec.exited.promise;
  try {
    await world.runtime.deleteExec(withTimeout(world.background, deleteTimeoutMs), exec.containerId, exec.id);
  } catch (error) {
    world.log.debug({exec: exec.id, error: messageOf(error)}, 'cannot delete an exec that has ended');
  }
  await io.finish();
  exec.finished.resolve();
}
