/** Ending a container: by signal, with patience, or at once. */
import {aborted, type CallContext, sleep} from '@longshore/base';
import {codeOf, EngineError, isErrorCode, messageOf} from '@longshore/errdefs';
import {signalNumber} from '../signals.ts';
import type {Container} from './container.ts';
import {hasProcess, isRunning} from './state.ts';
import {publishContainerEvent, saveOrWarn, type World} from './world.ts';

const sigterm = 15;
const sigkill = 9;
const defaultTimeoutSeconds = 10;
/** How long the kernel is given after SIGKILL. */
const killWaitMs = 10_000;
/** When the signal could not be sent there is little to wait for. */
const shortWaitMs = 2_000;

export interface StopOptions {
  /** Empty for the container's own. */
  signal: string;
  /** Undefined for the container's own; negative waits without end. */
  timeoutSeconds: number | undefined;
  /** A removal: the death is announced, but no stop. */
  isRemoval?: boolean;
}

/** Throws `not-modified` when it does not run. */
export async function stopContainer(
  world: World,
  ctx: CallContext,
  container: Container,
  options: StopOptions,
): Promise<void> {
  if (!isRunning(container.state)) throw new EngineError('not-modified', 'container is already stopped');
  await endRun(world, ctx, container, options);
}

/** Signal, timeout, SIGKILL. Returns when the run has ended and is recorded. */
export async function endRun(
  world: World,
  ctx: CallContext,
  container: Container,
  options: StopOptions,
): Promise<void> {
  const {StopSignal, StopTimeout} = container.record.config;
  const signal = signalNumber(options.signal || StopSignal || String(sigterm));
  const seconds = options.timeoutSeconds ?? StopTimeout ?? defaultTimeoutSeconds;
  if (await cancelRestart(world, container, options)) return;
  const ended = container.nextExit();
  if (!isRunning(container.state)) return;
  const announced = options.isRemoval ? 0 : 1;
  container.stopping += announced;
  try {
    let waitMs = seconds < 0 ? Number.POSITIVE_INFINITY : seconds * 1000;
    try {
      await sendSignal(world, ctx, container, signal);
    } catch (error) {
      world.log.warn({container: container.id, error, signal}, 'cannot send the stop signal');
      waitMs = shortWaitMs;
    }
    if (await endsWithin(ended, waitMs, ctx.signal)) {
      // It ended by itself just before the signal: then its policy may have set a restart, which is not wanted.
      if (container.state.status === 'restarting') await cancelRestart(world, container, options);
      return;
    }
    await killRun(world, ctx, container, ended);
  } finally {
    container.stopping -= announced;
  }
}

/** POST /containers/{id}/kill. Throws Docker's messages, with `cannot kill container: x: ` in front. */
export async function killContainer(
  world: World,
  ctx: CallContext,
  container: Container,
  signalName: string,
): Promise<void> {
  const signal = signalNumber(signalName || String(sigkill));
  if (await cancelRestart(world, container, {isRemoval: true})) return;
  const ended = container.nextExit();
  if (!hasProcess(container.state)) {
    throw new EngineError('conflict', `container ${container.id} is not running`);
  }
  if (signal === sigkill) await killRun(world, ctx, container, ended);
  else await sendSignal(world, ctx, container, signal);
}

/**
 * Calls off a restart that is waiting for its time. True when there was one: the container is then stopped, which only a
 * stop announces, no kill and no removal.
 */
async function cancelRestart(
  world: World,
  container: Container,
  {isRemoval = false}: Pick<StopOptions, 'isRemoval'>,
): Promise<boolean> {
  if (!container.cancelPendingRestart()) return false;
  using _lock = await container.lock.acquire();
  const {state, record} = container;
  if (state.status !== 'restarting') return false;
  record.manuallyStopped = true;
  container.moveTo({status: 'exited', last: state.last});
  await saveOrWarn(world, container);
  if (!isRemoval) publishContainerEvent(world, container, 'stop');
  container.announceExit({exitCode: state.last.exitCode, error: ''});
  return true;
}

/** SIGKILL, and patience until the exit is recorded. */
async function killRun(world: World, ctx: CallContext, container: Container, ended: Promise<unknown>): Promise<void> {
  await sendSignal(world, ctx, container, sigkill);
  if (await endsWithin(ended, killWaitMs, ctx.signal)) return;
  world.log.warn({container: container.id}, 'the container does not end after SIGKILL: destroying its task');
  await world.runtime.destroy(ctx, container.id);
  if (await endsWithin(ended, shortWaitMs, ctx.signal)) return;
  throw new EngineError('unknown', 'tried to kill container, but did not receive an exit event');
}

/** A process that is gone already is no failure: its exit is on the way. */
async function sendSignal(world: World, ctx: CallContext, container: Container, signal: number): Promise<void> {
  using _lock = await container.lock.acquire(ctx.signal);
  const {state, record, id} = container;
  if (!hasProcess(state)) return;
  const {StopSignal} = record.config;
  const ends = signal === sigkill || StopSignal === '' || signalNumber(StopSignal) === signal;
  if (ends && !world.shuttingDown && container.suppressAutoActions === 0) {
    record.manuallyStopped = true;
    await saveOrWarn(world, container);
  }
  try {
    await world.runtime.kill(ctx, id, signal);
  } catch (error) {
    if (!isErrorCode(error, 'not-found')) {
      throw new EngineError(codeOf(error), `cannot kill container ${id}: ${messageOf(error)}`, {cause: error});
    }
    world.log.debug({container: id, signal}, 'the process to signal is gone');
  }
  // A frozen process only sees the signal when it runs again.
  if (ends && state.status === 'paused') {
    await world.runtime.resume(ctx, id);
    container.moveTo({...state, status: 'running'});
  }
  publishContainerEvent(world, container, 'kill', {signal: String(signal)});
}

/** Whether the promise settles in time. Infinity waits without a timer. */
async function endsWithin(ended: Promise<unknown>, milliseconds: number, signal: AbortSignal): Promise<boolean> {
  const abort = new AbortController();
  const limit = AbortSignal.any([signal, abort.signal]);
  const forever = aborted(limit).then(() => Promise.reject(limit.reason));
  const timer = Number.isFinite(milliseconds)
    ? sleep(Math.min(milliseconds, 2 ** 31 - 1), limit).then(() => false)
    : forever;
  for (const promise of [timer, forever]) promise.catch(() => {}); // only the first to settle counts
  try {
    return await Promise.race([ended.then(() => true), timer]);
  } finally {
    abort.abort();
  }
}
