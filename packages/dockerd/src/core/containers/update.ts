/** POST /containers/{id}/update: new limits and a new restart policy, at once if it runs. */
import type {CallContext} from '@longshore/base';
import {codeOf, EngineError, messageOf} from '@longshore/errdefs';
import {cgroupDriverOf} from './cgroup-path.ts';
import type {Container} from './container.ts';
import type {HostConfig, UpdateConfig} from './documents/host-config.ts';
import {checkRestartPolicy, hasRestartPolicy} from './restart-policy.ts';
import {blockIoToOci, limitsToOci} from './spec/resources.ts';
import {delegatedResources} from './spec/rootless.ts';
import {hasProcess} from './state.ts';
import {verifyLimits} from './verify/limits.ts';
import {publishContainerEvent, saveContainer, type World} from './world.ts';

/** Fields that an update can change; those that are zero or null stay as they are. */
const changeable = [
  'CpuShares',
  'Memory',
  'NanoCpus',
  'BlkioWeight',
  'CpuPeriod',
  'CpuQuota',
  'CpuRealtimePeriod',
  'CpuRealtimeRuntime',
  'CpusetCpus',
  'CpusetMems',
  'MemoryReservation',
  'MemorySwap',
  'PidsLimit',
] as const;

/** Returns warnings. Throws Docker's messages; nothing is changed then. */
export async function updateContainer(
  world: World,
  ctx: CallContext,
  container: Container,
  update: UpdateConfig,
): Promise<string[]> {
  checkRestartPolicy(update.RestartPolicy);
  const requested = {...container.record.host, ...changesOf(update)};
  const warnings = verifyLimits({...requested, ...zeroesOf(update)}, world.facts, true);
  using _lock = await container.lock.acquire(ctx.signal);
  if (container.removing || container.state.status === 'dead') {
    throw refuse(container, new EngineError('conflict', 'container is marked for removal and cannot be "update"'));
  }
  const host = merge(container, update);
  if (hasProcess(container.state) && cgroupDriverOf(world.config, world.facts) !== 'none') {
    try {
      const blockIO = blockIoToOci(host, path => world.files.blockDevice(path));
      const hasBlockIo = Object.keys(blockIO).length > 0;
      const limits = {...limitsToOci(host), ...(hasBlockIo ? {blockIO} : {})};
      const {config, facts} = world;
      await world.runtime.update(
        ctx,
        container.id,
        config.rootless ? delegatedResources(limits, facts.cgroup) : limits,
      );
    } catch (error) {
      throw refuse(container, error);
    }
  }
  container.record.host = host;
  await saveContainer(world, container);
  publishContainerEvent(world, container, 'update');
  return warnings;
}

function changesOf(update: UpdateConfig): Partial<HostConfig> {
  const changes = changeable.filter(name => update[name]).map(name => [name, update[name]]);
  // Zero and anything below it mean no limit, and are shown as zero.
  const pids = update.PidsLimit === null ? {} : {PidsLimit: Math.max(update.PidsLimit, 0)};
  return {...Object.fromEntries(changes), ...pids};
}

/** What verifyLimits is to see is the request, not what the container has from before. */
function zeroesOf(update: UpdateConfig): Pick<HostConfig, (typeof changeable)[number]> {
  return Object.fromEntries(changeable.map(name => [name, update[name]])) as never;
}

function merge(container: Container, update: UpdateConfig): HostConfig {
  const {host} = container.record;
  const changes = changesOf(update);
  checkCombination(container, host, changes);
  const policy = update.RestartPolicy;
  if (policy.Name !== '' && host.AutoRemove && hasRestartPolicy(policy)) {
    throw refuse(
      container,
      new EngineError(
        'invalid-argument',
        'Restart policy cannot be updated because AutoRemove is enabled for the container',
      ),
    );
  }
  return {...host, ...changes, ...(policy.Name === '' ? {} : {RestartPolicy: policy})};
}

/** The two ways of giving a share of the CPUs exclude each other, and memory must stay below memory and swap. */
function checkCombination(container: Container, host: HostConfig, changes: Partial<HostConfig>): void {
  const conflict = (message: string) => refuse(container, new EngineError('conflict', message));
  const cannot = (what: string, other: string) =>
    conflict(`Conflicting options: ${what} cannot be updated as ${other} has already been set`);
  if (changes.NanoCpus && host.CpuPeriod > 0) throw cannot('Nano CPUs', 'CPU Period');
  if (changes.NanoCpus && host.CpuQuota > 0) throw cannot('Nano CPUs', 'CPU Quota');
  if (changes.CpuPeriod && host.NanoCpus > 0) throw cannot('CPU Period', 'NanoCPUs');
  if (changes.CpuQuota && host.NanoCpus > 0) throw cannot('CPU Quota', 'NanoCPUs');
  if (changes.Memory && !changes.MemorySwap && host.MemorySwap > 0 && changes.Memory > host.MemorySwap) {
    throw conflict(
      'Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time',
    );
  }
}

function refuse({id}: Container, error: unknown): EngineError {
  return new EngineError(codeOf(error), `Cannot update container ${id}: ${messageOf(error)}`, {cause: error});
}
