/** Health checks: a command that is run in the container again and again, and what its results mean. */
import {sleep} from '@longshore/base';
import {messageOf} from '@longshore/errdefs';
import {goDuration} from '../duration.ts';
import {nowNano} from '../events/event-bus.ts';
import {createExec} from '../exec/create.ts';
import {startExec} from '../exec/start.ts';
import type {Container} from './container.ts';
import type {HealthcheckConfig} from './documents/container-config.ts';
import type {ContainerRecord, HealthRecord} from './record.ts';
import {hasProcess} from './state.ts';
import {publishContainerEvent, saveContainer, type World} from './world.ts';

const standard = {intervalMs: 30_000, timeoutMs: 30_000, retries: 3, startIntervalMs: 5_000};
const keptResults = 5;
const maximumOutput = 4096;
const timedOutExitCode = -1;

interface Plan {
  command: string[];
  intervalMs: number;
  timeoutMs: number;
  retries: number;
  startPeriodMs: number;
  startIntervalMs: number;
}

export type ProbeResult = HealthRecord['log'][number];

/** What to run and when; undefined when there is no check. */
export function planHealthChecks(check: HealthcheckConfig | null, shell: string[] | null): Plan | undefined {
  const [kind, ...rest] = check?.Test ?? [];
  if (!check || kind === undefined || kind === 'NONE' || rest.length === 0) return undefined;
  const command =
    kind === 'CMD' ? rest : kind === 'CMD-SHELL' ? [...(shell ?? ['/bin/sh', '-c']), rest[0] as string] : undefined;
  if (!command) return undefined;
  return {
    command,
    intervalMs: milliseconds(check.Interval) || standard.intervalMs,
    timeoutMs: milliseconds(check.Timeout) || standard.timeoutMs,
    retries: check.Retries || standard.retries,
    startPeriodMs: milliseconds(check.StartPeriod),
    startIntervalMs: milliseconds(check.StartInterval) || standard.startIntervalMs,
  };
}

/** The health after a result. In the start period a failure does not count. */
export function nextHealth(
  health: HealthRecord,
  result: ProbeResult,
  plan: Pick<Plan, 'retries'>,
  starting: boolean,
): HealthRecord {
  const log = [...health.log, result].slice(-keptResults);
  if (result.exitCode === 0) return {status: 'healthy', failingStreak: 0, log};
  if (starting && health.status === 'starting') return {...health, log};
  const failingStreak = health.failingStreak + 1;
  return {status: failingStreak >= plan.retries ? 'unhealthy' : health.status, failingStreak, log};
}

/** Of a container that is about to run; undefined when nothing checks it. */
export function initialHealth({config}: Pick<ContainerRecord, 'config'>): HealthRecord | undefined {
  const isChecked = planHealthChecks(config.Healthcheck, config.Shell) !== undefined;
  return isChecked ? {status: 'starting', failingStreak: 0, log: []} : undefined;
}

/** Begins to watch a container that has just started, or that was found running. */
export function startHealthChecks(world: World, container: Container): void {
  const {record} = container;
  const plan = planHealthChecks(record.config.Healthcheck, record.config.Shell);
  record.health = initialHealth(record);
  if (!plan) return;
  const abort = new AbortController();
  container.stopHealthChecks = () => abort.abort();
  watch(world, container, plan, abort.signal).catch(error => {
    if (!abort.signal.aborted) world.log.error({container: container.id, error}, 'health checks ended');
  });
}

async function watch(world: World, container: Container, plan: Plan, signal: AbortSignal): Promise<void> {
  const begin = Date.now();
  const isStarting = () => Date.now() - begin < plan.startPeriodMs;
  for (;;) {
    const {health} = container.record;
    const early = isStarting() && health?.status === 'starting';
    await sleep(early ? plan.startIntervalMs : plan.intervalMs, signal);
    if (container.state.status !== 'running') continue; // frozen: nothing can be run
    const result = await probe(world, container, plan, signal);
    signal.throwIfAborted();
    if (result.exitCode !== 0) world.metrics.healthCheckFailed();
    await apply(world, container, plan, result, isStarting());
  }
}

async function apply(
  world: World,
  container: Container,
  plan: Plan,
  result: ProbeResult,
  starting: boolean,
): Promise<void> {
  using _lock = await container.lock.acquire();
  const {record} = container;
  if (!hasProcess(record.state) || !record.health) return;
  const before = record.health.status;
  record.health = nextHealth(record.health, result, plan, starting);
  if (record.health.status === before) return;
  await saveContainer(world, container);
  publishContainerEvent(world, container, `health_status: ${record.health.status}`);
}

async function probe(world: World, container: Container, plan: Plan, signal: AbortSignal): Promise<ProbeResult> {
  const start = nowNano();
  try {
    const {exitCode, output} = await runProbe(world, container, plan, signal);
    return {start, end: nowNano(), exitCode, output};
  } catch (error) {
    signal.throwIfAborted();
    return {start, end: nowNano(), exitCode: timedOutExitCode, output: messageOf(error)};
  }
}

async function runProbe(
  world: World,
  container: Container,
  plan: Plan,
  signal: AbortSignal,
): Promise<{exitCode: number; output: string}> {
  const ctx = world.background;
  const begin = performance.now();
  const exec = await createExec(world, ctx, container, {
    user: '',
    privileged: false,
    tty: false,
    attachStdin: false,
    attachStdout: true,
    attachStderr: true,
    detachKeys: '',
    env: [],
    workingDir: '',
    command: plan.command,
    consoleSize: undefined,
  });
  const pieces: Buffer[] = [];
  let size = 0;
  const deliver = (_stream: string, data: Buffer) => {
    if (size < maximumOutput) pieces.push(data.subarray(0, maximumOutput - size));
    size += data.length;
  };
  const output = () => `${Buffer.concat(pieces)}${size > maximumOutput ? '...' : ''}`;
  await startExec(world, ctx, container, exec, {deliver, congestion: () => undefined});
  world.metrics.healthCheckStarted((performance.now() - begin) / 1000);
  const timeout = new AbortController();
  const timer = sleep(plan.timeoutMs, AbortSignal.any([signal, timeout.signal])).then(() => undefined);
  const exitCode = await Promise.race([exec.exited.promise, timer]).finally(() => {
    timer.catch(() => {});
    timeout.abort();
  });
  if (exitCode === undefined) {
    await world.runtime.kill(ctx, container.id, 9, exec.id).catch(() => {}); // it may have ended just now
    const text = output();
    const told = `Health check exceeded timeout (${goDuration(plan.timeoutMs)})${text === '' ? '' : `: ${text}`}`;
    return {exitCode: timedOutExitCode, output: told};
  }
  await exec.finished.promise;
  container.execs.delete(exec.id);
  return {exitCode, output: output()};
}

function milliseconds(nanoseconds: number): number {
  return nanoseconds / 1e6;
}
